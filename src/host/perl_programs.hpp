#pragma once

#include <string_view>

namespace dtenv {

/// The two programs of shell_programs.hpp as functions of `remote_agent`: the same words, input,
/// output, exit statuses and promises. Nothing that follows links is given the name of a temporary
/// file, but its open handle. The numbers of O_WRONLY, O_CREAT and O_EXCL are those of every
/// architecture with NVIDIA's driver; fsync's are found by our own, and `sync` does it on another.

inline constexpr std::string_view read_perl = R"perl(#perl
my ($path, $limit) = @_;
my @seen = stat $path;
unless (@seen) {
  my $folder = $path;
  do { $folder =~ s{/[^/]*$}{} } while length $folder && !-e $folder;
  $folder = "/" unless length $folder;
  F(81, "$folder: Permission denied") if -d $folder && !-x _;
  F(80, "absent");
}
F(81, "a folder") if -d _;
F(81, "not a regular file") unless -f _;
open my $file, "<", $path or F(81, "open: $!");
F(82, "too large") if $seen[7] > $limit;
my $content = "";
while (1) {
  my $more = sysread $file, $content, $limit + 1 - length $content, length $content;
  defined $more or F(84, "read: $!");
  last unless $more;
}
$O = sprintf "%o %d:%d\n%s", $seen[2] & 07777, $seen[4], $seen[5], $content;
0;
)perl";

inline constexpr std::string_view write_perl = R"perl(#perl
my ($folder, $make, $folder_mode, $follow, $attributes, $word, @words) = @_;
my @files;
push @files, {name => shift @words, size => shift @words, mode => shift @words,
              owner => shift @words, sha => shift @words} while @words;
my $at = 1;
my $fail = sub { my ($status, $reason) = @_; F($status, "$at $reason") };

my $run = sub {
  my ($program, @arguments) = @_;
  my $child = fork;
  defined $child or $fail->(84, "fork: $!");
  unless ($child) { open STDOUT, ">&", STDERR; exec { $program } $program, @arguments; exit 127 }
  waitpid $child, 0;
  return $? == 0;
};
my $sha256 = sub {
  my ($path) = @_;
  my $content = "";
  open my $file, "<", $path or $fail->(84, "open: $!");
  while (1) {
    my $more = sysread $file, $content, 1 << 20, length $content;
    defined $more or $fail->(84, "read: $!");
    return H($content) unless $more;
  }
};
my $sync_call = do {
  my $head = "";
  if (open my $self, "<", "/proc/self/exe") { sysread $self, $head, 20 }
  +{62 => 74, 183 => 82}->{unpack "x18 v", $head . "\0" x 20};
};
my $sync = sub {
  my ($handle, $path) = @_;
  if ($sync_call) { syscall($sync_call, fileno $handle) == 0 or $fail->(84, "fsync: $!") }
  else { $run->("sync", "--", $path) or $run->("sync") }
};

if ($follow) {
  my ($path, $links) = ("$folder/$files[0]{name}", 0);
  while (-l $path) {
    ++$links <= 20 or $fail->(81, "too many symbolic links");
    my $target = readlink $path;
    $path =~ s{[^/]*$}{};
    $path = $target =~ m{^/} ? $target : "$path$target";
  }
  ($folder, $files[0]{name}) = $path =~ m{^(.*)/(.*)$}s;
}
my $made;
$made = sub {
  my ($path) = @_;
  return if -d (length $path ? $path : "/");
  (my $above = $path) =~ s{/[^/]*$}{};
  $made->($above);
  my $mask = umask 0;
  my $new = mkdir $path, oct $folder_mode;
  my $reason = "$!";
  umask $mask;
  $new or -d $path or $fail->(84, "mkdir: $path: $reason");
  $run->("chown", "-h", $files[0]{owner}, $path) if $new && $files[0]{owner} ne "-";
};
unless (-d (length $folder ? $folder : "/")) {
  $make or $fail->(84, "$folder: No such file or directory");
  $made->($folder);
}
my $in = length $folder ? $folder : "/";
my $lock;
if (open $lock, "<", $in) {
  my $tries = 0;
  until (flock $lock, 6) {
    ++$tries <= 100 or $fail->(84, "another writer has held its folder for 10 s");
    select undef, undef, undef, 0.1;
  }
} else {
  undef $lock;
}

my $same = sub {
  my ($file) = @_;
  my ($path, $sha) = ($file->{path}, $file->{sha});
  return if $sha eq "-";
  if ($sha eq "absent") {
    $fail->(83, "exists, and was expected to be absent") if lstat $path;
    return;
  }
  -e $path or $fail->(83, "is gone");
  $sha256->($path) eq $sha or $fail->(83, "changed since it was read");
};
my $told = sub { join " ", @_[3, 2, 4, 5, 1, 7, 9, 10] };  # of what stat says
opendir my $names, $in;
my @left = grep { /\.dtenv\.s\.\d+\./ } readdir $names;
my $own = -O "$folder/";
for my $file (@files) {
  my $path = $file->{path} = "$folder/$file->{name}";
  $file->{temp} = "$folder/.$file->{name}.dtenv.s.$$.$word";
  $fail->(81, "a symbolic link; a write would replace it") if -l $path;
  if (my @seen = stat $path) {
    $fail->(81, "a folder") if -d _;
    $fail->(81, "not a regular file") unless -f _;
    $file->{before} = $told->(@seen);
    $file->{links} = $seen[3];
    $file->{mode} = sprintf "%o", $seen[2] & 07777 if $file->{mode} eq "-";
    $file->{owner} = "$seen[4]:$seen[5]" if $file->{owner} eq "-";
  }
  $file->{mode} = "644" if $file->{mode} eq "-";
  for my $left (@left) {
    next unless $left =~ /^\.\Q$file->{name}\E\.dtenv\.s\.(\d+)\./;
    my $stat = "";
    if (open my $process, "<", "/proc/$1/stat") { $stat = <$process> }
    unlink "$folder/$left" unless $stat =~ /\) [^Z]/;
  }
  $at++;
}

my $written = eval {
  $at = 1;
  my $from = 0;
  for my $file (@files) {
    $fail->(81, "has other hard links; a write would part them") if ($file->{links} || 1) != 1;
    $same->($file);
    my $mode = oct $file->{mode};
    umask 0;
    sysopen my $to, $file->{temp}, 0301, $mode & 0666 or $fail->(84, "open: $!");
    umask 077;
    my $end = $from + $file->{size};
    while ($from < $end) {
      my $sent = syswrite $to, $I, $end - $from, $from;
      $sent or $fail->(84, "write: $!");
      $from += $sent;
    }
    $run->("cp", "--attributes-only", "--preserve=xattr", "--", $file->{path}, $file->{temp})
      if $attributes && $file->{before} && $own;
    if ($file->{owner} ne "-") {
      my ($user, $group) = split /:/, $file->{owner};
      my @now = stat $to;
      $now[4] == $user && $now[5] == $group or chown $user, $group, $to or $fail->(84, "chown: $!");
    }
    if ($mode & ~0666) {
      $own or $fail->(81, "an executable file in a folder of somebody else");
      chmod $mode, $to or $fail->(84, "chmod: $!");
    }
    $file->{handle} = $to;
    $at++;
  }
  $at = 1;
  for my $file (@files) {
    $file->{before} eq $told->(stat $file->{path}) or $fail->(83, "changed while it was written")
      if $file->{before};
    $sync->($file->{handle}, $file->{temp});
    close $file->{handle} or $fail->(84, "close: $!");
    $at++;
  }
  $at = 1;
  for my $file (@files) {
    if ($file->{sha} eq "absent" && link $file->{temp}, $file->{path}) {
      unlink $file->{temp};
    } else {
      $same->($file);
      rename $file->{temp}, $file->{path} or $fail->(84, "rename: $!");
    }
    $file->{done} = 1;
    $at++;
  }
  1;
};
unless ($written) {
  my $reason = $@;
  for my $file (@files) { unlink $file->{temp} unless $file->{done} }
  die $reason;
}
$sync->($lock, $in) if $lock;
$run->("sync") unless $lock;
0;
)perl";

}  // namespace dtenv
