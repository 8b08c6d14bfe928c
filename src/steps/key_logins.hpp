#pragma once

#include <string_view>

#include "steps/key_exchange.hpp"

namespace dtenv {

/// login_program's lines: facts.logins and facts.login_ms. A host key that is another node's pinned
/// one is told apart from a new key.
void parse_logins(std::string_view text, KeyExchange::Facts& facts);

/// shadow_program's lines: the first that explains a failed login goes with what it said.
void add_shadows(std::string_view text, KeyExchange::Facts& facts);

}  // namespace dtenv
