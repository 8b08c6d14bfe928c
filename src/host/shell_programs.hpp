#pragma once

#include <string_view>

namespace dtenv {

/// Exit statuses of the two programs below, beside what the shell itself may give.
namespace file_exit {
constexpr int absent = 80;
constexpr int refused = 81;  ///< the reason is on stderr
constexpr int too_large = 82;
constexpr int stale = 83;  ///< the reason is on stderr
constexpr int failed = 84;
}  // namespace file_exit

/// PATH LIMIT → "MODE UID:GID\n" and the content.
inline constexpr std::string_view read_program = R"sh(LC_ALL=C; export LC_ALL
p=$1 limit=$2
die() { c=$1; shift; printf '%s\n' "$*" >&2; exit "$c"; }
if [ ! -e "$p" ]; then
  d=${p%/*}
  while [ -n "$d" ] && [ ! -e "$d" ]; do d=${d%/*}; done
  d=${d:-/}
  [ -d "$d" ] && [ ! -x "$d" ] && die 81 "$d: Permission denied"
  exit 80
fi
[ -d "$p" ] && die 81 "a folder"
[ -f "$p" ] || die 81 "not a regular file"
[ -r "$p" ] || die 81 "open: Permission denied"
s=$(stat -L -c '%a %u:%g %s' "$p") || exit 84
[ "${s##* }" -le "$limit" ] || exit 82
printf '%s\n' "${s% *}"
head -c "$((limit + 1))" "$p"
)sh";

/// PATH SIZE MODE OWNER SHA256 FOLLOW MAKE_FOLDERS FOLDER_MODE, the content on stdin. "-": not
/// given; SHA256 may be "absent". Nothing is at PATH but the old file or the whole new one. Writers
/// of dtenv wait for each other by a lock of the folder, which dies with its holder and leaves
/// nothing behind.
inline constexpr std::string_view write_program = R"sh(LC_ALL=C; export LC_ALL
p=$1 size=$2 mode=$3 owner=$4 sha=$5 follow=$6 make=$7 fmode=$8
umask 077
die() { c=$1; shift; printf '%s\n' "$*" >&2; exit "$c"; }
n=0
while [ -L "$p" ]; do
  [ "$follow" = 1 ] || die 81 "a symbolic link; a write would replace it"
  n=$((n + 1)); [ "$n" -le 20 ] || die 81 "too many symbolic links"
  t=$(readlink "$p"; echo x); t=${t%?x}
  case $t in /*) p=$t ;; *) p=${p%/*}/$t ;; esac
done
d=${p%/*} b=${p##*/}; d=${d:-/}
folder() {
  [ -d "${1:-/}" ] && return 0
  folder "${1%/*}" || return 1
  mkdir -m "$fmode" "$1" || [ -d "$1" ] || return 1
  [ "$owner" = - ] || chown "$owner" "$1"
}
if [ ! -d "$d" ]; then
  [ "$make" = 1 ] || die 84 "$d: No such file or directory"
  folder "$d" || exit 84
fi
look() { if [ -e "$p" ] || [ -L "$p" ]; then stat -c '%i %s %Y %Z' "$p"; else echo absent; fi; }
same() {
  case $sha in
    -) ;;
    absent) [ ! -e "$p" ] && [ ! -L "$p" ] || die 83 "exists, and was expected to be absent" ;;
    *) [ -e "$p" ] || die 83 "is gone"
       h=$(sha256sum <"$p") || exit 84
       [ "${h%% *}" = "$sha" ] || die 83 "changed since it was read" ;;
  esac
}
if [ -r "$d" ] && command -v flock >/dev/null 2>&1; then
  exec 9<"$d"
  n=0
  while flock -n 9 2>/dev/null; [ $? = 1 ]; do
    n=$((n + 1)); [ "$n" -le 100 ] || die 84 "another writer has held its folder for 10 s"
    sleep 0.1
  done
fi
for f in "$d/.$b".dtenv.s.*; do
  o=${f##*.dtenv.s.}; o=${o%%.*}
  case $o in *[!0-9]*|'') continue ;; esac
  z=Z; [ ! -r "/proc/$o/stat" ] || read -r x x z x <"/proc/$o/stat"
  [ "$z" != Z ] || rm -f "$f"
done
if [ -e "$p" ]; then
  [ -d "$p" ] && die 81 "a folder"
  [ -f "$p" ] || die 81 "not a regular file"
  [ "$(stat -c %h "$p")" = 1 ] || die 81 "has other hard links; a write would part them"
  s=$(stat -c '%a %u:%g' "$p") || exit 84
  [ "$mode" != - ] || mode=${s% *}
  [ "$owner" != - ] || owner=${s#* }
fi
[ "$mode" != - ] || mode=644
before=$(look)
same
tmp=$(mktemp "$d/.$b.dtenv.s.$$.XXXXXX") || exit 84
trap 'rm -f "$tmp"' EXIT
trap 'exit 84' HUP INT TERM PIPE
cat >"$tmp" || exit 84
[ "$(stat -c %s "$tmp")" = "$size" ] || die 84 "the content was cut short"
[ ! -e "$p" ] || cp --attributes-only --preserve=xattr "$p" "$tmp" 2>/dev/null
[ "$owner" = - ] || [ "$owner" = "$(stat -c %u:%g "$tmp")" ] || chown "$owner" "$tmp" || exit 84
chmod "$mode" "$tmp" || exit 84
sync "$tmp" 2>/dev/null || sync
[ "$(look)" = "$before" ] || die 83 "changed while it was being written"
if [ "$sha" = absent ] && ln "$tmp" "$p" 2>/dev/null; then
  rm -f "$tmp"
else
  same
  e=$(mv -Tf "$tmp" "$p" 2>&1) || case $e in
    *option*) mv -f "$tmp" "$p" || exit 84 ;;
    *) die 84 "$e" ;;
  esac
fi
trap - EXIT
sync "$d" 2>/dev/null || sync
)sh";

}  // namespace dtenv
