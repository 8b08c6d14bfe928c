#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace dtenv {

/// Finds entries of a list by name without a copy of any name: 100 000 hosts in milliseconds. The
/// list itself says whether an entry bears the name. As long as names come in order (shorter ones
/// first, as node-9, node-10), which those of large clusters do, nothing is looked up at all.
class NameIndex {
 public:
  static constexpr std::size_t npos = static_cast<std::size_t>(-1);

  void reserve(std::size_t count) { entries_.reserve(count); }

  /// The first entry added under this name: `is_called(index)` decides among those that may be.
  template <class IsCalled>
  std::size_t find(std::string_view name, IsCalled&& is_called) {
    if (is_next(name)) return npos;
    if (buckets_.empty()) grow(2 * entries_.size());
    const std::uint32_t hash = hash_of(name);
    for (std::size_t at = hash & mask();; at = (at + 1) & mask()) {
      const Entry& entry = buckets_[at];
      if (entry.number == 0) return npos;
      if (entry.hash == hash && is_called(std::size_t{entry.number - 1})) return entry.number - 1;
    }
  }

  void add(std::string_view name, std::size_t index) {
    const Entry entry{hash_of(name), static_cast<std::uint32_t>(index + 1)};
    const bool in_order = is_next(name);
    entries_.push_back(entry);
    if (in_order)
      last_ = name;
    else if (2 * entries_.size() > buckets_.size())
      grow(2 * entries_.size());
    else
      place(entry);
  }

 private:
  struct Entry {
    std::uint32_t hash = 0;
    std::uint32_t number = 0;  ///< index + 1; 0: a free bucket
  };

  static std::uint32_t hash_of(std::string_view name) {
    return static_cast<std::uint32_t>(std::hash<std::string_view>()(name));
  }
  /// Behind all names there are, and so none of them.
  bool is_next(std::string_view name) const {
    if (!buckets_.empty()) return false;
    return name.size() != last_.size() ? name.size() > last_.size() : name > last_;
  }
  std::size_t mask() const { return buckets_.size() - 1; }
  void place(Entry entry) {
    std::size_t at = entry.hash & mask();
    while (buckets_[at].number != 0) at = (at + 1) & mask();
    buckets_[at] = entry;
  }
  /// From here on all names are looked up: at least `least` buckets, half of them free.
  void grow(std::size_t least) {
    std::size_t size = 16;
    while (size < 2 * least) size *= 2;
    buckets_.assign(size, Entry{});
    for (const Entry& entry : entries_) place(entry);
  }

  std::vector<Entry> entries_;
  std::vector<Entry> buckets_;
  std::string last_;  ///< as long as all came in order
};

}  // namespace dtenv
