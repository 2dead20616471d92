#!/usr/bin/env python3
"""Opens pages in headless Chromium and says what is wrong with them.

usage: browser_pages.py PAGE...    or --find, which fails where there is no Chromium
With XDOMAIN_PICTURES=FOLDER it keeps pictures of the pages there."""

import os
import sys

from browser import Browser, find

SECOND, TRIALS = 1000.0, 3  # of several, the quickest counts: a busy machine is not the page's fault
WIDE, NARROW = 1200, 390


def check(browser, page):
    faults, quickest = [], float("inf")
    for width, dark in ((WIDE, False), (WIDE, True), (NARROW, False), (NARROW, True)):
        browser.look(width, dark=dark)
        for _ in range(TRIALS if quickest >= SECOND else 1):
            asked, said = browser.open(page)
            navigation = "performance.getEntriesByType('navigation')[0]"
            quickest = min(quickest, browser.evaluate(navigation + ".loadEventEnd"))
        faults += ["asks for " + url[:80] for url in asked if not url.startswith(("file:", "data:"))]
        faults += ["asks for more than itself"] * (len([url for url in asked if url.startswith("file:")]) > 1)
        faults += ["the console says " + str(event["params"])[:200] for event in said]
        if browser.evaluate("document.documentElement.scrollWidth") > width:
            faults.append("is wider than %d pixels" % width)
        if browser.evaluate("[...document.images].filter(i => !i.complete || !i.naturalWidth).length"):
            faults.append("has pictures that are none")
        if browser.evaluate("document.compatMode") != "CSS1Compat":
            faults.append("is shown in quirks mode")
        if "XDOMAIN_PICTURES" in os.environ:
            name = "%s-%d-%s.png" % (os.path.basename(page), width, "dark" if dark else "light")
            browser.picture(os.path.join(os.environ["XDOMAIN_PICTURES"], name))
    if quickest >= SECOND:
        faults.append("takes %.0f ms to open" % quickest)
    print("%s: %.0f ms" % (os.path.basename(page), quickest))
    return faults


def main():
    if sys.argv[1:] == ["--find"]:
        return 0 if find() else 1
    browser = Browser()
    try:
        faults = ["%s %s" % (page, fault) for page in sys.argv[1:] for fault in check(browser, page)]
    finally:
        browser.close()
    print("\n".join(faults))
    return bool(faults)


sys.exit(main())
