#pragma once

#include <string_view>

namespace dtenv {

/// What runs at the far end of each ssh channel: reads one line per request, runs it, says how it
/// ended, until its input ends. It is passed as one single-quoted word through whatever login shell
/// the user has: so no single quote, no newline, no "!" and no double backslash.
///
/// A request is shell words: NONCE INPUT-SIZE PREVIOUS-PID FOLDER VARIABLES NAME=VALUE… ARGV…, with
/// "$N" for newlines; then INPUT-SIZE bytes. Before it stands the NONCE of the request before, on a
/// line of its own, and what is before that line was not read and is skipped. (Not behind the
/// input: some `head` takes more than it is asked for, and may have that, but nothing of a request
/// that is sent once this one is answered.)
///
/// In place of VARIABLES, "-K": the words are for the brief program K of ours, which this shell
/// runs itself: a shell and setsid less to start. "=K SIZE": its text comes behind the line,
/// instead of an input, and is kept; "+K SIZE": it is only kept. A text is read by `head`, since
/// `read` takes a system call a byte, and once. "?" asks for the user's number now, and before
/// sudo; the shell finds them by itself, since each program it would start costs a good part of
/// what a login costs.
///
/// The answer on stdout is NONCE "S" PID "\n", the output, NONCE "E" STATUS "\n"; on stderr the
/// output and NONCE "E" "\n", and NONCE "S" "\n" before the first. NONCE "R" instead of all of
/// that: not run, since the previous command left processes that may still write here.
///
/// setsid gives each command a process group by which it can be ended from another channel; it is
/// not a background job, since those ignore SIGINT. What the command leaves of its input is read
/// away, so that the next line is a request again (by `cat` only where something is left). `kill`
/// gets no "--": dash and busybox take it for a process after some forms, and for none of these do
/// they need it.
inline constexpr std::string_view remote_program =
    "unset ENV BASH_ENV; LC_ALL=C.UTF-8; LANG=C.UTF-8; "
    "PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin; "
    "export LC_ALL LANG PATH; "
    "N=$(printf \"\\n_\"); N=${N%_}; "
    "h() { "
    "u=; while read -r k y e x; do case $k in Uid:) u=$e; break ;; esac; "
    "done 2>/dev/null </proc/self/status; "
    "test -n \"$u\" || u=$(id -u); printf \"%s %s\\n\" \"$u\" \"${SUDO_UID:-$u}\"; }; "
    "r() { "
    "read -r p x </proc/self/stat; "
    "printf \"%sS%s\\n\" \"$n\" \"$p\"; "
    "if test \"$e\" = \"?\"; then h; exit; fi; "
    "if test -n \"$d\"; then "
    "cd \"$d\" 2>/dev/null || { printf \"%s: No such file or directory\\n\" \"$d\" >&2; exit 127; "
    "}; "
    "else cd \"$HOME\" 2>/dev/null || cd /; fi; "
    "if test \"$e\" = -; then p=$1; shift; eval \"$p\"; exit; fi; "
    "if test \"$e\" = 0; then "
    "command -v \"$1\" >/dev/null 2>&1 || { printf \"%s: not found\\n\" \"$1\" >&2; exit 127; }; "
    "exec setsid \"$@\"; fi; exec setsid env \"$@\"; }; "
    "w=; b=; while IFS= read -r L; do "
    "if test -n \"$w\"; then test \"$L\" = \"$w\" && w=; continue; fi; "
    "eval \"set -- $L\" || exit 1; n=$1; w=$n; i=$2; q=$3; d=$4; e=$5; shift 5; "
    "test -n \"$b\" || printf \"%sS\\n\" \"$n\" >&2; b=1; "
    "case $e in [=+]*) t=$(head -c \"$1\"; printf _); eval \"P${e#?}=\\${t%_}\"; shift; esac; "
    "case $e in [=-]*) eval \"p=\\$P${e#?}\"; set -- \"$p\" \"$@\"; e=-;; +*) set -- :; e=-; esac; "
    "if test \"$q\" -gt 0 && kill -0 \"-$q\" 2>/dev/null; then "
    "test \"$i\" = 0 || head -c \"$i\" >/dev/null; "
    "printf \"%sR\\n\" \"$n\" >&2; printf \"%sR\\n\" \"$n\"; continue; fi; "
    "if test \"$i\" = 0; then ( r \"$@\" ) </dev/null; s=$?; "
    "elif test \"$e\" = -; then ( r \"$@\" ); s=$?; "
    "else head -c \"$i\" | { ( r \"$@\" ); s=$?; read -r x && cat >/dev/null; exit \"$s\"; }; "
    "s=$?; fi; "
    "printf \"%sE\\n\" \"$n\" >&2; printf \"%sE%s\\n\" \"$n\" \"$s\"; "
    "done";

/// Ends the process group $1 of another channel: TERM, and KILL after a second.
inline constexpr std::string_view kill_program =
    "kill -TERM \"-$1\" 2>/dev/null || kill -TERM \"$1\" 2>/dev/null; n=0; "
    "while [ \"$n\" -lt 20 ] && kill -0 \"-$1\" 2>/dev/null; do sleep 0.05; n=$((n+1)); done; "
    "kill -KILL \"-$1\" 2>/dev/null || true";

}  // namespace dtenv
