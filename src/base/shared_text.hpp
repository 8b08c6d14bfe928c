#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

namespace dtenv {

/// A text that many places have alike, held once; null: there is none.
using SharedText = std::shared_ptr<const std::string>;

/// Gives equal texts one place in memory: what thousands of machines say alike is kept once.
class TextPool {
 public:
  SharedText keep(std::string text) {
    const std::size_t hash = std::hash<std::string>()(text);
    const auto [first, last] = texts_.equal_range(hash);
    for (auto each = first; each != last; ++each)
      if (SharedText known = each->second.lock(); known && *known == text) return known;
    auto kept = std::make_shared<const std::string>(std::move(text));
    if (first != last && first->second.expired())
      first->second = kept;
    else
      texts_.emplace(hash, kept);
    return kept;
  }

 private:
  std::unordered_multimap<std::size_t, std::weak_ptr<const std::string>> texts_;
};

}  // namespace dtenv
