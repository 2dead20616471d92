#!/bin/sh
# Pages of xdomain report in headless Chromium: each model of examples/models opens in under a second, asks for nothing,
# says nothing on the console, and fits on a phone; light and dark. Skipped without Chromium.
# usage: test_report_browser.sh XDOMAIN_TOOL
set -u

tool=${1:?usage: $0 XDOMAIN_TOOL}
here=$(cd "$(dirname "$0")" && pwd)
command -v python3 >/dev/null || { echo "no python3 to speak with a browser"; exit 77; }
python3 -B "$here/browser_pages.py" --find >/dev/null || { echo "no Chromium here"; exit 77; }
. "$here/../failures.sh"

for name in digits fashion; do
  "$tool" report "$here/../../examples/models/$name.xdm" --out "$work/$name.html" >"$work/log" 2>&1 ||
    fail "no page of $name.xdm: $(cat "$work/log")"
done
timeout 120 python3 -B "$here/browser_pages.py" "$work"/*.html || fail "pages in the browser"

[ "$failures" -eq 0 ] && echo "pages that open at once"
exit "$((failures > 0))"
