#pragma once

#include <string_view>

namespace dtenv {

/// args: HOME NODE… . For nodes that a login does not reach: the lines of ssh's own files that are
/// in force for them beside ours, as ssh -G says, and can keep a login from working. A line "NODE
/// FILE:LINE TEXT" each; Include is followed three deep.
constexpr std::string_view shadow_program = R"sh(
home=$1; shift
set -f
files() {
  [ -r "$1" ] || return 0
  printf '%s\n' "$1"
  [ "$3" -lt 3 ] || return 0
  sed -n 's/^[[:space:]]*[Ii][Nn][Cc][Ll][Uu][Dd][Ee][[:space:]=]*//p' "$1" | tr -d '"' | while read -r patterns; do
    for each in $patterns; do
      case $each in /*) ;; '~/'*) each=$home/${each#??} ;; *) each=$2/$each ;; esac
      set +f
      for found in $each; do files "$found" "$2" $(($3 + 1)); done
      set -f
    done
  done
}
all=$(files "$home/.ssh/config" "$home/.ssh" 0; files /etc/ssh/ssh_config /etc/ssh 0)
for node in "$@"; do
  effective=$(ssh -G -- "$node" 2>/dev/null </dev/null) || continue
  printf '%s\n' "$all" | while read -r file; do
    printf '%s\n' "$effective" | awk -v node="$node" -v file="$file" '
      function flat(value) {
        value = tolower(value); gsub(/"/, "", value)
        return value == "true" ? "yes" : value == "false" ? "no" : value
      }
      BEGIN {
        count = split("remotecommand sessiontype stdinnull forkafterauthentication pubkeyauthentication " \
          "addressfamily bindaddress bindinterface revokedhostkeys knownhostscommand requiredrsasize " \
          "hostkeyalgorithms kexalgorithms ciphers macs casignaturealgorithms pubkeyacceptedalgorithms " \
          "pubkeyacceptedkeytypes", words, " ")
        for (i = 1; i <= count; i++) watched[words[i]] = 1
        count = split("remotecommand=none sessiontype=default stdinnull=no forkafterauthentication=no " \
          "pubkeyauthentication=yes addressfamily=any revokedhostkeys=none knownhostscommand=none", words, " ")
        for (i = 1; i <= count; i++) harmless[words[i]] = 1
      }
      FNR == NR { key = $1; sub(/^[^ ]+ /, ""); now[key] = flat($0); next }
      /^# dtenv:key_exchange begin/ { ours = 1 }
      /^# dtenv:key_exchange end/ { ours = 0 }
      ours { next }
      {
        text = $0; sub(/^[ \t]+/, "", text); sub(/[ \t\r]+$/, "", text)
        key = tolower(text); sub(/[ \t=].*$/, "", key)
        value = text; sub(/^[^ \t=]+[ \t]*=?[ \t]*/, "", value); value = flat(value)
        if (!(key in watched) || key in seen || (key "=" value) in harmless) next
        if (now[key] != value) next
        seen[key] = 1
        print node " " file ":" FNR " " text
      }' - "$file"
  done
done
exit 0
)sh";

}  // namespace dtenv
