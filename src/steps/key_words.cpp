#include "steps/key_words.hpp"

#include "base/digest.hpp"
#include "base/text.hpp"

namespace dtenv {

namespace {

/// Whose key of ours is there, and no longer wanted.
std::string stale_comments(std::string_view before, const WantedUserFile& wanted) {
  std::vector<std::string> names;
  for (const std::string_view line : split_lines(before))
    if (contains(line, " dtenv-") && !contains(wanted.own, line) && !contains(*wanted.common, line))
      names.emplace_back(split_words(line).back());
  return join(names, ", ");
}

}  // namespace

std::string node_names(const std::vector<Node>& nodes) {
  constexpr std::size_t shown = 16;
  std::vector<std::string> names;
  for (const Node& node : nodes) names.push_back(node.name);
  if (names.size() <= shown) return join(names, ", ");
  const std::string all = sha256(join(names, "\n")).substr(0, 8);
  names.resize(shown);
  return join(names, ", ") + " and " + std::to_string(nodes.size() - shown) + " more (set " + all +
         ")";
}

KeyWords key_words(const KeyExchange::Config& config, const std::vector<Node>& nodes) {
  using Trust = KeyExchange::Trust;
  KeyWords words;
  words.everybody = node_names(nodes);
  words.keys = config.trust == Trust::ca     ? "the cluster's certificate authority"
               : config.trust == Trust::star ? "the public key of " + nodes[0].name
                                             : "the public keys of " + words.everybody;
  return words;
}

std::string why_authorized(const KeyExchange::Config& config, std::string_view before,
                           const WantedUserFile& wanted, const std::string& head) {
  const std::string stale = stale_comments(before, wanted);
  if (!stale.empty()) return "no longer wanted: " + stale;
  return config.trust == KeyExchange::Trust::star ? head + " may log in to every node"
                                                  : "every node may log in to every other";
}

std::string why_ssh_config(const KeyExchange::Facts& facts) {
  const std::string marker = "# dtenv:" + std::string(key_block_tag) + " begin";
  const std::string text = key_file(facts, "ssh_config");
  int number = 0;
  if (contains(text, marker)) {
    for (const std::string_view line : split_lines(text)) {
      ++number;
      const std::string_view said = trim(line);
      if (starts_with(said, marker)) break;
      if (!said.empty() && said[0] != '#')
        return facts.home + "/.ssh/config:" + std::to_string(number) + " (\"" + visible(said, 80) +
               "\") stands above dtenv's lines, and ssh takes the first value it reads";
    }
  }
  return "each node has its own address and port";
}

std::string why_known(std::string_view before, const WantedUserFile& wanted) {
  std::vector<std::string> changed;
  for (const std::string_view line : split_lines(before)) {
    const auto words = split_words(line);
    if (words.size() < 3 || contains(*wanted.common, line)) continue;
    const std::string_view host = starts_with(words[0], "@") ? words[1] : words[0];
    changed.emplace_back(host.substr(0, host.find(',')));
  }
  if (changed.empty()) return "host keys are pinned, not trusted at first sight";
  return "the host key changed: " + join(changed, ", ");
}

}  // namespace dtenv
