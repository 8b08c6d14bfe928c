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
constexpr int one_by_one = 85;  ///< its `head` takes more than it is asked for
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

/// FOLDER MAKE_FOLDERS FOLDER_MODE FOLLOW ATTRIBUTES WORD, then NAME SIZE MODE OWNER SHA256 of each
/// file; the contents on stdin, one behind the other. "-": not given; SHA256 may be "absent".
/// Nothing is at a NAME but the old file or the whole new one. A reason on stderr begins with the
/// file's number. Writers of dtenv wait for each other by a lock of the folder, which dies with its
/// holder and leaves nothing behind.
///
/// The folder may be another user's, who could put a link where a temporary file was: files are
/// made under a WORD nobody guesses and with their mode from the first on, and nothing that follows
/// links is given their names. A program's start is what costs here: each looks at all files.
inline constexpr std::string_view write_program = R"sh(LC_ALL=C; export LC_ALL
d=$1 make=$2 fmode=$3 follow=$4 attributes=$5 word=$6; shift 6
umask 077; set -C
i=1 nl='
'
die() { c=$1; shift; printf '%s %s\n' "$i" "$*" >&2; exit "$c"; }
if [ "$follow" = 1 ]; then
  p=$d/$1; shift
  n=0
  while [ -L "$p" ]; do
    n=$((n + 1)); [ "$n" -le 20 ] || die 81 "too many symbolic links"
    t=$(readlink "$p"; echo x); t=${t%?x}
    case $t in /*) p=$t ;; *) p=${p%/*}/$t ;; esac
  done
  d=${p%/*}; set -- "${p##*/}" "$@"
fi
folder() {
  [ -d "${1:-/}" ] && return 0
  folder "${1%/*}" "$2" || return 1
  mkdir -m "$fmode" "$1" || [ -d "$1" ] || return 1
  [ "$2" = - ] || chown -h "$2" "$1"
}
if [ ! -d "${d:-/}" ]; then
  [ "$make" = 1 ] || die 84 "$d: No such file or directory"
  folder "$d" "$4" || exit 84
fi
if [ -r "${d:-/}" ] && command -v flock >/dev/null 2>&1; then
  exec 9<"${d:-/}"
  n=0
  while flock -n 9 2>/dev/null; [ $? = 1 ]; do
    n=$((n + 1)); [ "$n" -le 100 ] || die 84 "another writer has held its folder for 10 s"
    sleep 0.1
  done
fi
same() {
  case $sha in
    -) ;;
    absent) [ ! -e "$p" ] && [ ! -L "$p" ] || die 83 "exists, and was expected to be absent" ;;
    *) [ -e "$p" ] || die 83 "is gone"
       h=$(sha256sum <"$p") || exit 84
       [ "${h%% *}" = "$sha" ] || die 83 "changed since it was read" ;;
  esac
}
# Words for eval: the files that are there, and the temporary ones; each once a turn over all files
# has put them in their order again.
there= temps=
while [ "$i" -le $(($# / 5)) ]; do
  eval "b=\${$((i * 5 - 4))}"
  p=$d/$b
  [ ! -L "$p" ] || die 81 "a symbolic link; a write would replace it"
  [ ! -d "$p" ] || die 81 "a folder"
  if [ -e "$p" ]; then
    [ -f "$p" ] || die 81 "not a regular file"
    there="$there \"\$d/\${$((i * 5 - 4))}\""
  fi
  temps="$temps \"\$d/.\${$((i * 5 - 4))}.dtenv.s.$$.\$word\""
  for f in "$d/.$b".dtenv.s.*; do
    o=${f##*.dtenv.s.}; o=${o%%.*}
    case $o in *[!0-9]*|'') continue ;; esac
    z=Z; [ ! -r "/proc/$o/stat" ] || read -r x x z x <"/proc/$o/stat"
    [ "$z" != Z ] || rm -f "$f"
  done
  i=$((i + 1))
done
look="stat -c '%h %a %u:%g %i %s %Y %Z' --"
before=
if [ -n "$there" ]; then before=$(eval "$look $there") || exit 84; before=$before$nl; fi
trap 'rm -f -- "$d"/.*.dtenv.s.$$."$word"' EXIT
trap 'exit 84' HUP INT TERM PIPE
i=1 rest=$before
while [ "$i" -le $(($# / 5)) ]; do
  b=$1 size=$2 mode=$3 owner=$4 sha=$5; shift 5
  p=$d/$b tmp=$d/.$b.dtenv.s.$$.$word
  if [ -e "$p" ]; then
    s=${rest%%"$nl"*} rest=${rest#*"$nl"}
    [ "${s%% *}" = 1 ] || die 81 "has other hard links; a write would part them"
    s=${s#* }; [ "$mode" != - ] || mode=${s%% *}
    s=${s#* }; [ "$owner" != - ] || owner=${s%% *}
  fi
  [ "$mode" != - ] || mode=644
  same
  u=$((0666 & ~0$mode)); umask "$((u / 64))$((u / 8 % 8))$((u % 8))"
  head -c "$size" >"$tmp" || exit 84
  umask 077
  [ "$attributes" = 0 ] || [ ! -e "$p" ] || [ ! -O "$d/" ] ||
    cp --attributes-only --preserve=xattr "$p" "$tmp" 2>/dev/null
  set -- "$@" "$b" "$size" "$mode" "$owner" "$sha"
  i=$((i + 1))
done
after=$(eval "$look $there$temps")$nl
case $after in "$before"*) rest=${after#"$before"} ;; *) i=1; die 83 "changed while it was written" ;; esac
i=1
while [ "$i" -le $(($# / 5)) ]; do
  b=$1 size=$2 mode=$3 owner=$4 sha=$5; shift 5; set -- "$@" "$b" "$size" "$mode" "$owner" "$sha"
  tmp=$d/.$b.dtenv.s.$$.$word
  s=${rest%%"$nl"*} rest=${rest#*"$nl"}
  s=${s#* }; s=${s#* }; now=${s%% *}; s=${s#* }; s=${s#* }
  if [ "${s%% *}" != "$size" ]; then [ $# = 5 ] || exit 85; die 84 "the content was cut short"; fi
  [ "$owner" = - ] || [ "$owner" = "$now" ] || chown -h "$owner" "$tmp" || exit 84
  if [ $((0$mode & ~0666)) != 0 ]; then
    [ -O "$d/" ] || die 81 "an executable file in a folder of somebody else"
    chmod "$mode" "$tmp" || exit 84
  fi
  i=$((i + 1))
done
eval "sync -- $temps" 2>/dev/null || sync
i=1
while [ $# != 0 ]; do
  p=$d/$1 tmp=$d/.$1.dtenv.s.$$.$word sha=$5; shift 5
  if [ "$sha" = absent ] && ln "$tmp" "$p" 2>/dev/null; then
    rm -f "$tmp"
  else
    same
    e=$(mv -Tf "$tmp" "$p" 2>&1) || case $e in
      *option*) mv -f "$tmp" "$p" || exit 84 ;;
      *) die 84 "$e" ;;
    esac
  fi
  i=$((i + 1))
done
trap - EXIT
sync "${d:-/}" 2>/dev/null || sync
)sh";

}  // namespace dtenv
