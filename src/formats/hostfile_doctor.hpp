#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "formats/hostfile.hpp"

namespace dtenv {

/// What one launcher makes of a hostfile.
struct HostfileVerdict {
  enum class Kind {
    ok,       ///< read as it is written
    misread,  ///< taken, and something of it is dropped or means something else there
    refused,
  };

  HostfileDialect dialect = HostfileDialect::dtenv;
  Kind kind = Kind::ok;
  std::vector<HostEntry> hosts;   ///< as that launcher reads them; none where it refuses
  std::vector<Problem> findings;  ///< with line and column: why it refuses, or what it misreads
  /// The same machines as that launcher wants them; empty where it needs nothing else, or where
  /// they cannot stand there.
  std::string rewritten;
  std::vector<std::string> lost;  ///< fields that `rewritten` cannot carry
};

struct HostfileDiagnosis {
  std::vector<HostfileVerdict> verdicts;  ///< one a dialect
  /// Whose reading the rewriting begins from: the first that is ok, else the first that is taken;
  /// nullptr where everyone refuses. Points into `verdicts`.
  const HostfileVerdict* meaning = nullptr;
};

/// The verdict of every launcher on one text.
HostfileDiagnosis diagnose_hostfile(std::string_view text);

}  // namespace dtenv
