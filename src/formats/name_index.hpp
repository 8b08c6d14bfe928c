#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "base/short_copy.hpp"

namespace dtenv {

/// Finds entries of a list by name: 100 000 hosts in milliseconds. It holds no name: `name_of`
/// gives that of an entry, 0 to the last one added. As long as names come in order, which those of
/// large clusters do, nothing is kept or looked up at all. The order is one that is soon told:
/// shorter ones first, as node-9, node-10, then by their last eight bytes.
class NameIndex {
 public:
  static constexpr std::size_t npos = static_cast<std::size_t>(-1);

  /// The first entry added under this name.
  template <class NameOf>
  std::size_t find(std::string_view name, NameOf&& name_of) {
    if (in_order(name)) return npos;
    if (buckets_.empty()) look_up(name_of);
    const std::uint32_t hash = hash_of(name);
    for (std::size_t at = hash & mask();; at = (at + 1) & mask()) {
      const Entry& entry = buckets_[at];
      if (entry.number == 0) return npos;
      if (entry.hash == hash && name_of(std::size_t{entry.number - 1}) == name)
        return entry.number - 1;
    }
  }

  /// The next entry; it may have a name that is there already.
  template <class NameOf>
  void add(std::string_view name, NameOf&& name_of) {
    if (in_order(name)) return remember(name);
    if (buckets_.empty()) look_up(name_of);
    if (2 * (count_ + 1) > buckets_.size()) grow();
    place({hash_of(name), static_cast<std::uint32_t>(++count_)});
  }

  /// False, and nothing is added, where an entry has this name already.
  template <class NameOf>
  bool add_new(std::string_view name, NameOf&& name_of) {
    if (in_order(name)) {
      remember(name);
      return true;
    }
    if (find(name, name_of) != npos) return false;
    add(name, name_of);
    return true;
  }

 private:
  struct Entry {
    std::uint32_t hash = 0;
    std::uint32_t number = 0;  ///< its place in the list + 1; 0: a free bucket
  };

  /// Behind all names there are, and so none of them.
  bool in_order(std::string_view name) const {
    if (!buckets_.empty()) return false;
    return name.size() != last_size_ ? name.size() > last_size_
                                     : last_eight(name.data(), name.size()) > last_end_;
  }
  void remember(std::string_view name) {
    ++count_;
    last_size_ = name.size();
    last_end_ = last_eight(name.data(), name.size());
  }
  /// From here on all names are looked up.
  template <class NameOf>
  void look_up(NameOf&& name_of) {
    grow();
    for (std::size_t i = 0; i < count_; ++i)
      place({hash_of(name_of(i)), static_cast<std::uint32_t>(i + 1)});
  }

  /// Eight bytes a turn, the last eight overlapping.
  static std::uint32_t hash_of(std::string_view name) {
    constexpr std::uint64_t factor = 0x9E3779B97F4A7C15U;
    std::uint64_t hash = name.size() * factor;
    const auto mix = [&](std::uint64_t bytes) {
      hash = (hash ^ bytes) * factor;
      hash ^= hash >> 32;
    };
    for (std::size_t at = 0; name.size() > at + 8; at += 8) mix(last_eight(name.data() + at, 8));
    mix(last_eight(name.data(), name.size()));
    return static_cast<std::uint32_t>(hash);
  }

  std::size_t mask() const { return buckets_.size() - 1; }
  void place(Entry entry) {
    std::size_t at = entry.hash & mask();
    while (buckets_[at].number != 0) at = (at + 1) & mask();
    buckets_[at] = entry;
  }
  /// At least half of them free, for as many again.
  void grow() {
    std::size_t size = 16;
    while (size < 4 * (count_ + 1)) size *= 2;
    std::vector<Entry> old(size);
    old.swap(buckets_);
    for (const Entry& entry : old)
      if (entry.number != 0) place(entry);
  }

  std::vector<Entry> buckets_;  ///< empty: all came in order
  std::size_t count_ = 0;
  std::size_t last_size_ = 0;
  std::uint64_t last_end_ = 0;
};

}  // namespace dtenv
