#pragma once

#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/result.hpp"

namespace dtenv::capi {

/// Handles are typed pointers whose *value* is an id, never an address: a stale or foreign handle
/// is a clean INVALID, and a _free may race with any other call. Each process gets its own table,
/// so a lock that some thread held during fork() is never touched again; ids carry the table's
/// generation, so inherited handles are FORKED.
///
/// An id is generation (16 bits, from 1: never a user-space address) | serial | `Tag` (4 bits).
template <class Opaque, class Impl, unsigned Tag>
class HandleTable {
 public:
  static Opaque* add(std::shared_ptr<Impl> impl) {
    Table& table = own_table();
    const std::unique_lock lock(table.mutex);
    const std::uintptr_t id = table.generation << generation_shift | ++table.serial << 4 | Tag;
    table.entries.emplace(id, std::move(impl));
    // NOLINTNEXTLINE(performance-no-int-to-ptr): never dereferenced, see above
    return reinterpret_cast<Opaque*>(id);
  }

  static Result<std::shared_ptr<Impl>> get(const Opaque* handle) {
    DT_TRY_ASSIGN(Table* const table, table_of(handle));
    const std::shared_lock lock(table->mutex);
    const auto found = table->entries.find(number(handle));
    if (found == table->entries.end()) return invalid("freed");
    return found->second;
  }

  /// Null where there is no such handle. The caller destroys what it gets, outside the lock.
  static std::shared_ptr<Impl> remove(const Opaque* handle) {
    const auto table = table_of(handle);
    if (!table) return nullptr;
    const std::unique_lock lock((*table)->mutex);
    const auto found = (*table)->entries.find(number(handle));
    if (found == (*table)->entries.end()) return nullptr;
    std::shared_ptr<Impl> impl = std::move(found->second);
    (*table)->entries.erase(found);
    return impl;
  }

 private:
  static_assert(sizeof(std::uintptr_t) == 8 && Tag > 0 && Tag < 16);
  static constexpr unsigned generation_shift = 48;

  struct Table {
    pid_t owner;
    std::uintptr_t generation;
    Table* parent;  ///< the inherited one: reachable for leak checkers, otherwise never used
    std::uintptr_t serial = 0;
    std::shared_mutex mutex;
    std::unordered_map<std::uintptr_t, std::shared_ptr<Impl>> entries;

    Table(pid_t owner_, std::uintptr_t generation_, Table* parent_)
        : owner(owner_), generation(generation_), parent(parent_) {}
  };

  static std::uintptr_t number(const Opaque* handle) {
    return reinterpret_cast<std::uintptr_t>(handle);
  }

  static Error invalid(const char* why) {
    return {Status::invalid, std::string("the handle is ") + why};
  }

  /// Takes no lock: another process's table is only looked at, never entered.
  static Result<Table*> table_of(const Opaque* handle) {
    if (handle == nullptr) return invalid("NULL");
    Table* const table = current.load(std::memory_order_acquire);
    const std::uintptr_t generation = number(handle) >> generation_shift;
    if (table == nullptr || (number(handle) & 15) != Tag || generation == 0 ||
        generation > table->generation)
      return invalid("none of this library's");
    if (generation != table->generation || table->owner != ::getpid())
      return Error{Status::forked,
                   "the handle belongs to the process that this one was forked from"};
    return table;
  }

  static Table& own_table() {
    const pid_t self = ::getpid();
    Table* seen = current.load(std::memory_order_acquire);
    while (seen == nullptr || seen->owner != self) {
      auto fresh = std::make_unique<Table>(self, seen ? seen->generation + 1 : 1, seen);
      if (current.compare_exchange_strong(seen, fresh.get(), std::memory_order_acq_rel))
        return *fresh.release();
    }
    return *seen;
  }

  // Never destroyed: calls during exit() stay safe.
  static inline std::atomic<Table*> current = nullptr;
};

}  // namespace dtenv::capi
