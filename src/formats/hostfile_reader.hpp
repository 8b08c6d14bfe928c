#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "formats/hostfile.hpp"
#include "formats/name_index.hpp"

namespace dtenv {

/// What the parsers of all dialects share: the hosts and the problems found so far. At most 1000
/// problems are kept of each sort; a file of binary junk must not cost memory.
class HostfileReader {
 public:
  void error(int line, std::size_t column, std::string problem, std::string hint = {});
  void warn(int line, std::size_t column, std::string problem, std::string hint = {});

  /// The host already there under this key, as an index into hosts(); npos where there is none.
  std::size_t find(std::string_view key);
  /// Whether the last one is it.
  bool is_last(std::string_view key) const;
  /// Adds a host, found again by its name or by `key`; false where more than 100 000 would stand
  /// there (an error is noted once).
  bool add(HostEntry host);
  bool add(HostEntry host, std::string_view key);
  /// Adds the host of a usual line: a plain name and its slots. False, and nothing is done, where
  /// there is more to say of it (it is there already, or one too many).
  bool add_plain(std::string_view name, std::int64_t slots, int line);
  /// About so many hosts are to come.
  void reserve(std::size_t count);
  std::vector<HostEntry>& hosts() { return file_.hosts; }
  bool has_errors() const { return !errors_.empty(); }

  /// An error that came without help gets the dialect's usual line for one.
  Result<Hostfile> finish(HostfileDialect dialect) &&;

  static constexpr std::size_t npos = static_cast<std::size_t>(-1);

 private:
  std::string_view key_of(std::size_t index) const;

  Hostfile file_;
  std::vector<Problem> errors_;
  std::size_t left_out_ = 0;
  bool too_many_ = false;
  NameIndex places_;                                         ///< by key
  std::unordered_map<std::size_t, std::string> other_keys_;  ///< that are not the host's name
};

void parse_dtenv_hostfile(std::string_view text, HostfileReader& reader);
void parse_deepspeed_hostfile(std::string_view text, HostfileReader& reader);
void parse_openmpi_hostfile(std::string_view text, bool version5, HostfileReader& reader);
void parse_hydra_hostfile(std::string_view text, bool intel, HostfileReader& reader);
void parse_slurm_nodes(std::string_view text, HostfileReader& reader);
void parse_torchrun_nodes(std::string_view text, HostfileReader& reader);

/// `user@name` taken apart where both halves are there; else the word is the name.
void split_user(std::string_view word, HostEntry& host);

/// Notes a name that the launcher accepts and no machine can have.
void warn_bad_name(const HostEntry& host, std::size_t column, std::string_view launcher,
                   HostfileReader& reader);

}  // namespace dtenv
