#!/bin/sh
# Writes the tool's man page, or its completion for bash or zsh, from what the tool says of itself.
# usage: manual.sh man|bash|zsh TOOL FILE
set -eu

what=${1:?usage: manual.sh man|bash|zsh TOOL FILE}
tool=$2
exec >"$3"
commands=$("$tool" --help | sed -n 's/^  \([a-z]*\)  *[a-z].*/\1/p' | xargs)
groups=$("$tool" options | sed -n '/^[a-z][a-z]*$/p' | xargs)
presets=$("$tool" options train | sed -n 's/^presets: //p' | tr -d ,)

# The option table as help prints it, a line an option: name, value, text, between tabs. The text begins in
# column 30, on the flag's own line or below it. What else the help says comes before, behind "= ".
split_help() {
  awk '
    function flush() { if (name != "") print name "\t" value "\t" text; name = "" }
    /^  --/ {
      flush()
      left = length($0) > 29 && substr($0, 29, 1) == " " ? substr($0, 1, 29) : $0
      text = left == $0 ? "" : substr($0, 30)
      split(left, word, " ")
      name = word[1]
      value = word[2]
      next
    }
    name != "" && /^                             / { text = text (text == "" ? "" : " ") substr($0, 30); next }
    { flush(); print "= " $0 }
    END { flush() }'
}

# All flags of a command, map having two helps, a line each: name, value, the words that the value can be ("files"
# for a path, "none" if they are not known), text.
flags() {
  {
    "$tool" "$1" --help
    if [ "$1" = map ]; then "$tool" map --condition labels --help; fi
  } | split_help | awk -F '\t' -v presets="$presets" '
    function words(name, value) {
      if (name == "--preset") return presets
      if (name == "--backend") return "auto native openblas reference"
      if (name == "--condition") return "labels none"
      if (name == "--fit") return "exact stretch pad crop"
      if (value ~ /[|]/) { gsub(/[|]/, " ", value); return value }
      return value == "" ? "" : value ~ /^(FILE|PATH|SPEC)$/ ? "files" : "none"
    }
    !/^=/ && !seen[$1]++ { print $1 "\t" $2 "\t" words($1, $2) "\t" $3 }'
}

# ---- The man page ----

# Paragraphs, usage lines as they are, flags as tagged paragraphs.
help_to_man() {
  split_help | awk -F '\t' '
    function plain(text) {
      gsub(/\\/, "\\e", text)
      gsub(/-/, "\\-", text)
      sub(/^[.\047]/, "\\\\\\&&", text)
      return text
    }
    /^= (usage: |       )/ { sub(/^= (usage:)? */, ""); print (NR > 1 ? ".br\n" : ".PP\n") ".B " plain($0); next }
    /^= $/ { print ".PP"; next }
    /^= / { print plain(substr($0, 3)); next }
    { print ".TP\n.BR " plain($1) ($2 == "" ? "" : " \" \\fI" plain($2) "\\fR\""); print plain($3) }'
}

write_man() {
  version=$("$tool" --version)
  printf '.TH XDOMAIN 1 "" "%s" "User Commands"\n.nh\n.ad l\n' "$version"
  printf '.SH NAME\nxdomain \\- trains, applies, scores and inspects models that translate pictures between domains\n'
  printf '.SH SYNOPSIS\n.B xdomain\n.I COMMAND\n.RI [ OPTION ]...\n.SH DESCRIPTION\n'
  "$tool" --help | sed -n 's/-/\\-/g; s/^  \([a-z]*\)  *\([a-z].*\)/.TP\n.B \1\n\2/p'
  printf '.SH COMMANDS\n'
  for command in $commands; do
    printf '.SS %s\n' "$command"
    "$tool" "$command" --help | help_to_man
    if [ "$command" = map ]; then
      printf '.SS map \\-\\-condition\n'
      "$tool" map --condition labels --help | help_to_man
    fi
  done
  printf '.SH OPTIONS OF THE LIBRARY\nName, default and range, by group, as\n.B xdomain options\nlists them.\n'
  "$tool" options | awk '
    function plain(text) { gsub(/\\/, "\\e", text); gsub(/-/, "\\-", text); return text }
    /^[a-z]+$/ { print ".SS Group " $0; next }
    /^presets: / { print ".PP"; print "Presets: " substr($0, 10) "."; next }
    /^  / {
      name = $1; initial = $2; range = $3
      sub(/^ *[^ ]+ +[^ ]+ +[^ ]+ +/, "")
      print ".TP\n.BR " plain(name) " \" \\fR" plain(initial) " (" plain(range) ")\""
      print plain($0)
    }'
  printf '.SH EXIT STATUS\n'
  "$tool" --help | sed -n '/^Exit codes: /,$p' | sed 's/^Exit codes: //; s/-/\\-/g'
}

# ---- Completion ----

write_bash() {
  printf '# bash completion for xdomain\n\n_xdomain() {\n  local word=$2 flags= words= command=${COMP_WORDS[1]} before=$3\n'
  printf '  COMPREPLY=()\n  if ((COMP_CWORD == 1)); then\n'
  printf '    mapfile -t COMPREPLY < <(compgen -W "%s --help --version" -- "$word")\n    return\n  fi\n' "$commands"
  printf '  case $command in\n'
  for command in $commands; do
    more=
    if [ "$command" = options ]; then more=" $groups"; fi
    flags "$command" | awk -F '\t' -v command="$command" -v more="$more" '
      { all = all (NR > 1 ? " " : "") $1 }
      $3 != "" { patterns[$3] = patterns[$3] (patterns[$3] == "" ? "" : " | ") $1 }
      END {
        print "    " command ")\n      flags=\"" all more "\"\n      case $before in"
        for (words in patterns) print "        " patterns[words] ") words=\"" words "\" ;;" | "sort"
        close("sort")
        print "      esac\n      ;;"
      }'
  done
  cat <<'END'
  esac
  case $words in
    none) return ;;
    '') mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$word") ;;
    files) ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word") ;;
  esac
  # An argument that is no flag is a file's name, or a group of options.
  if [[ $words == files || -z $words && $word != -* && $command != options ]]; then
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
  fi
}
complete -F _xdomain xdomain
END
}

write_zsh() {
  printf '#compdef xdomain\n\n_xdomain() {\n  local -a commands\n  commands=(\n'
  "$tool" --help | sed -n "s/'/'\\\\''/g; s/:/\\\\:/g; s/^  \([a-z]*\)  *\([a-z].*\)/    '\1:\2'/p"
  printf '  )\n  if ((CURRENT == 2)); then\n    _describe -t commands command commands\n    return\n  fi\n'
  printf '  shift words\n  ((CURRENT--))\n  case $words[1] in\n'
  for command in $commands; do
    printf '    %s)\n      _arguments \\\n' "$command"
    # What _arguments gives a meaning is masked, then what quotes do.
    flags "$command" | awk -F '\t' '
      { text = $4; gsub(/:|\[|\]|\\/, "\\\\&", text); gsub(/\047/, "\047\\\047\047", text) }
      { action = $3 == "files" ? "_files" : $3 == "none" ? " " : "(" $3 ")" }
      $3 == "" { print "        \047" $1 "[" text "]\047 \\"; next }
      { print "        \047*" $1 "[" text "]:" substr($1, 3) ":" action "\047 \\" }'
    if [ "$command" = options ]; then
      printf "        '1:group:(%s)'\n" "$groups"
    else
      printf "        '*:file:_files'\n"
    fi
    printf '      ;;\n'
  done
  printf '  esac\n}\n\n_xdomain "$@"\n'
}

"write_$what"
