#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dtenv {

/// Why `text` cannot name a machine (a DNS name, an alias of ~/.ssh/config or an address in its one
/// canonical form), as a person would say it; nullopt where it can.
std::optional<std::string> host_name_problem(std::string_view text);

/// One label that begins with a letter, as nearly every name of a cluster is: soon told, and sound.
bool is_plain_host_name(std::string_view text);
/// How many bytes at the beginning are such a name; 0: none are.
std::size_t plain_name_end(std::string_view text);

/// Why `text` cannot be a user's name: [a-z_][a-z0-9_-]{0,31}.
std::optional<std::string> user_name_problem(std::string_view text);

/// A TCP port as decimal digits alone, 1–65535.
std::optional<int> parse_port(std::string_view text);

/// Four decimal numbers up to 255, none with a leading zero.
bool is_ipv4(std::string_view text);
bool is_ipv6(std::string_view text);

/// localhost, 127.0.0.0/8, ::1 and the unspecified addresses: the same machine, or none.
bool is_loopback(std::string_view text);

/// Why `text` cannot be the CIDR of a `from=` or of a network option: the length, or host bits set.
std::optional<std::string> cidr_problem(std::string_view text);

}  // namespace dtenv
