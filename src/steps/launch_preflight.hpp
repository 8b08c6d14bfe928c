#pragma once

#include <string>
#include <vector>

#include "steps/launch.hpp"

namespace dtenv {

// What is judged before any GPU's time is spent: every failure of every machine at once.

/// STATE or CONFIG with one problem for each thing that would fail; what is only odd becomes a
/// note.
Result<void> preflight(const Launch::Config& config, const Cluster<Launch::Facts>& cluster,
                       std::vector<Note>& notes);

/// The files under same_paths; the outlier and its files are named.
void check_same_paths(const Launch::Config& config, const Cluster<Launch::Facts>& cluster,
                      std::vector<Problem>& problems);

/// What most machines have; the first machine's on a tie.
const std::string& majority(const std::vector<const std::string*>& values);

/// "4.1.4" of the engine that would run in this container; empty: it is not there, or has none.
std::string engine_version(const std::string& engine, const Launch::Facts& facts);

/// The interface that leads to all other nodes; empty: not known, or there is no other node.
std::string launch_interface(const Launch::Facts& facts);

}  // namespace dtenv
