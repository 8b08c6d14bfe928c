#pragma once

#include <string_view>

namespace dtenv {

/// look_program of key_programs.hpp as a function of `remote_agent`, for a machine (a container has
/// no agent): the same words and facts.
constexpr std::string_view look_perl = R"perl(#perl
my ($user, $where, $trust, $large) = @_;
my @account = length $user ? getpwnam $user : getpwuid $>;
unless (@account) { $O = "missing user\n"; return 0 }
my ($name, $home) = @account[0, 7];
unless (length $home) { $O = "missing home\n"; return 0 }
$O = "user $name\nowner $account[2]:$account[3]\nhome $home\n";
for my $program ("ssh-keygen", "ssh") {
  $O .= "missing $program\n" unless grep { -f "$_/$program" && -x _ } split(/:/, $ENV{PATH}), "/usr/sbin", "/sbin";
}
$O .= "now " . time . "\n" if $trust eq "ca";
my @connection = split " ", $ENV{SSH_CONNECTION};
$O .= "port $connection[3]\n" if length $connection[3];
my $host_key;
for my $type ("ed25519", "ecdsa", "rsa") {
  $host_key = "/etc/ssh/ssh_host_${type}_key.pub";
  last if -f $host_key;
}
my $ours = "/etc/ssh/dtenv";
my ($folder, $key) = ("$home/.ssh", "$home/.ssh/id_dtenv");
my @roles = (user_key => "$key.pub", user_certificate => "$key-cert.pub",
  host_key => $host_key, host_certificate => "$ours/ssh_host_ed25519_key-cert.pub",
  sshd_config => "$ours/sshd_config", issued => "$ours/issued",
  authorized_keys => "$folder/authorized_keys", known_hosts => "$folder/known_hosts_dtenv",
  ssh_config => "$folder/config", environment => "$folder/environment");
my $mode = sub { sprintf "%o", (stat _)[2] & 07777 };  # of what was tried last
$O .= "folder_mode " . $mode->() . "\n" if -d $folder;
$O .= "key_mode " . $mode->() . " " . (stat _)[7] . "\n" if -f $key;

# The lines between the markers, the first and the last; nothing where they are not as we wrote them.
my $inside = sub {
  my @lines = @_;
  my @marks = grep { $lines[$_] =~ /^# dtenv:key_exchange (begin|end)/ } 0 .. $#lines;
  return unless @marks == 2 && $lines[$marks[1]] =~ /end$/;
  my ($written) = $lines[$marks[0]] =~ /begin.*sha256=([0-9a-f]*)/ or return;
  my ($from, $to) = ($marks[0] + 1, $marks[1] - 1);
  return unless $from <= $to && length $written == 16;
  return unless index(H(join "", @lines[$from .. $to]), $written) == 0;
  return ($from, $to);
};
my ($names, $states, $contents) = ("", "", "");
while (@roles) {
  my ($role, $path) = splice @roles, 0, 2;
  next unless -f $path;
  my $state = $mode->();
  open my $file, "<", $path or F(74, "$path: $!");
  my $content = do { local $/; <$file> };
  my $size = length $content;
  if ($size > $large && $role eq "known_hosts") {
    $state .= " 0 " . H($content);
    $content = "";
  } else {
    my @lines = $size > $large && $role =~ /^(authorized_keys|ssh_config)$/ ? $content =~ /([^\n]*\n|[^\n]+)/g : ();
    if (my ($from, $to) = @lines ? $inside->(@lines) : ()) {
      splice @lines, $from, $to - $from + 1;
      $content = join "", @lines;
      $state .= " " . length($content) . " hollow";
    } else {
      $state .= " $size";
    }
  }
  $names .= " $role";
  $states .= "$state\n";
  $contents .= $content;
}
$O .= "files$names\n$states$contents" if length $names;
0;
)perl";

}  // namespace dtenv
