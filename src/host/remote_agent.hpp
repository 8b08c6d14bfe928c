#pragma once

#include <string>
#include <string_view>

#include "base/text.hpp"

namespace dtenv {

/// What `remote_program` is, for a machine with perl: the same requests, the same answers. A shell
/// has to start a program for a process group and for each thing it does to a file, and these
/// starts are most of what a request costs; perl does all of that itself. Only what is built into
/// perl is used: a module costs more than a program's start. It is passed as `remote_program` is,
/// its newlines made blanks: no single quote, no "!" (so "\x21" for $ERRNO), no double backslash,
/// no comment.
///
/// With its first answer it says NONCE "P" on both streams. NONCE "S" PID comes only for a command
/// that has an input or has run for a moment.
///
/// A program that begins with "#perl" is a function of ours, run right here: its words are in @_
/// and its input in $I; it leaves its output in $O and returns the exit status, or calls F(STATUS,
/// REASON). Another one is sh's.
///
/// Requests are read from Q: STDIN is /dev/null, for commands without an input. Another's is fed as
/// far as the command takes it. $B is what was read and not used yet; of a request $n is the nonce
/// ($w the one before), $i how much of the input is left, $d the folder, $v the VARIABLES; %P holds
/// the programs' texts and %C our functions; $k is the command's process and $z its exit status; $O
/// and $E are what goes out before the marks of the end.
inline constexpr std::string_view remote_agent = R"perl(
open Q, "<&", STDIN or exit 74; open STDIN, "<", "/dev/null";
binmode Q; binmode STDOUT; binmode STDERR;
delete @ENV{qw(ENV BASH_ENV)}; $ENV{LC_ALL} = $ENV{LANG} = "C.UTF-8";
$ENV{PATH} .= ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
chdir $ENV{HOME} or chdir "/"; $SIG{CHLD} = sub {};
sub F { die [@_] }
sub why { ${"\x21"} . "" }
sub interrupted { ${"\x21"} == 4 }
sub pour { my ($to, $text) = @_; while (length $text) {
  my $sent = syswrite $to, $text; defined $sent or interrupted() or return 0; substr $text, 0, $sent, "" }
  return 1 }
sub H {
  my $text = shift; pipe my $from, my $to or F(84, "pipe: " . why());
  my $child = open my $said, "-|"; defined $child or F(84, "fork: " . why());
  unless ($child) { close $to; open STDIN, "<&", $from; exec "sha256sum"; exit 127 }
  close $from; pour($to, $text); close $to; my $line = <$said>; close $said;
  $line =~ /^([0-9a-f]{64})/ ? $1 : F(84, "sha256sum does not run") }
sub put { pour(@_) or exit }
sub fill { my $got; do { $got = sysread Q, $B, 65536, length $B } until defined $got or not interrupted(); $got or exit }
sub take { my $size = shift; fill() while length $B < $size; substr $B, 0, $size, "" }
sub skip { while ($i > 0) { fill() unless length $B; $i -= length substr $B, 0, $i, "" } }
sub answer { my $code = shift; put(*STDERR, "$E${n}E\n"); put(*STDOUT, "$O${n}E$code\n") }
sub call {
  my $code = $C{$t} ||= eval "sub { $t\n}"; my $bad = $@;
  my $mask = umask; local $SIG{PIPE} = "IGNORE";
  my $status = eval { $code or F(255, $bad); $code->(@_) };
  if (ref $@) { $status = $@->[0]; $E .= "$@->[1]\n" } elsif ($@) { $status = 255; $E .= $@ }
  umask $mask; answer($status) }
sub ended { if (waitpid($k, $_[0]) == $k) { $z = $? & 127 ? 128 + ($? & 127) : $? >> 8 } defined $z }
sub feed { my $to = shift; local $SIG{PIPE} = "IGNORE"; while ($i > 0) {
  fill() unless length $B;
  my $mask = ""; vec($mask, fileno $to, 1) = 1;
  unless (select(undef, $mask, undef, 0.1) > 0) { last if ended(1); next }
  my $size = length $B; $size = $i if $size > $i; $size = 4096 if $size > 4096;
  my $sent = syswrite $to, $B, $size; defined $sent or interrupted() or last;
  substr $B, 0, $sent, ""; $i -= $sent } }
sub spawn {
  my ($from, $to); $i == 0 or pipe $from, $to or return skip(), $E = why() . "\n", answer(126);
  undef $z; $k = fork; defined $k or return skip(), $E = "fork: " . why() . "\n", answer(126);
  unless ($k) {
    setpgrp; open STDIN, "<&", $from if $from;
    if (length $d) {
      chdir $d or put(*STDERR, "$d: " . why() . "\n"), exit 127;
      $ENV{PWD} = $d if exists $ENV{PWD} }
    while ($v-- > 0) { my ($name, $value) = split /=/, shift, 2; $ENV{$name} = $value }
    exec { $_[0] } @_;
    my $none = ${"\x21"} == 2; put(*STDERR, "$_[0]: " . ($none ? "not found" : why()) . "\n");
    exit($none ? 127 : 126) }
  if ($from) { close $from; put(*STDOUT, "${n}S$k\n"); feed($to); close $to; skip() }
  elsif (not ended(1)) { select undef, undef, undef, 0.02; ended(1) or put(*STDOUT, "${n}S$k\n") }
  until (defined $z) { ended(0) }
  answer($z) }
for (;;) {
  my $end; fill() while ($end = index $B, "\n") < 0;
  my $line = substr $B, 0, $end + 1, ""; chop $line;
  if (length $w) { $w = "" if $line eq $w; next }
  my @a = ("");
  while ($line =~ /\G(?:( )|\x27([^\x27]*)\x27|("\$N")|\x5c(.)|([^ \x27"\x5c]+))/g) {
    if ($1) { push @a, "" } else { $a[-1] .= $3 ? "\n" : $2 . $4 . $5 } }
  ($n, $i, my $unused, $d, $v) = splice @a, 0, 5;
  unless (defined $w) { put(*STDERR, "${n}P\n"); put(*STDOUT, "${n}P\n") }
  $w = $n; ($O, $E) = ("", "");
  my ($kind, $number) = $v =~ /^([-=+])(.+)/;
  $P{$number} = take(shift @a) if $kind =~ /[=+]/;
  if ($k and kill 0, -$k) { skip(); put(*STDERR, "${n}R\n"); put(*STDOUT, "${n}R\n") }
  elsif ($v eq "?") { $O = "$> " . (exists $ENV{SUDO_UID} ? $ENV{SUDO_UID} : $>) . "\n"; answer(0) }
  elsif ($kind eq "+") { answer(0) }
  elsif (not length $kind) { spawn(@a) }
  elsif (($t = $P{$number}) =~ /^#perl/) { $I = take($i); call(@a) }
  else { $v = 0; spawn("sh", "-c", $t, "dtenv", @a) } }
)perl";

inline std::string remote_agent_word() {
  return replace_all(trim(remote_agent), "\n", " ");
}

}  // namespace dtenv
