#pragma once

#include <boost/filesystem.hpp>
#include <boost/json.hpp>
#include <string>
#include <vector>

namespace dtenv {

namespace fs = boost::filesystem;
namespace json = boost::json;

/// A machine of tests/golden/driver_check, unfolded: its files below root(), and a folder of
/// programs that say what its programs said, with the few tools that read files beside them. No
/// other program is to be found on path().
class RecordedMachine {
 public:
  /// `recording`: {"files": {PATH: text | [lines] | null | {"link": …} | {"fifo"}}, "pci":
  /// ["SLOT VENDOR:DEVICE CLASS DRIVER NUMA"], "programs": {"NAME" | "NAME WORD": {"out", "err",
  /// "exit", "hangs", "real"} | null}}. A null takes away what an earlier recording gave.
  RecordedMachine();
  ~RecordedMachine();
  RecordedMachine(const RecordedMachine&) = delete;
  RecordedMachine& operator=(const RecordedMachine&) = delete;

  void add(const json::object& recording);
  /// A program that is only to act: it notes how it was called and ends well.
  void add_actor(const std::string& name);
  std::string root() const { return (folder_ / "root").native(); }
  std::string path() const { return (folder_ / "bin").native(); }
  /// How the programs were called so far, in order; forgotten by the next call.
  std::vector<std::vector<std::string>> calls();

 private:
  void add_file(const std::string& path, const json::value& content);
  void add_device(const std::string& row);
  void add_program(const std::string& key, const json::value& answer);
  void write_program(const std::string& name);

  fs::path folder_;
};

/// A string, or an array of lines.
std::string text_of(const json::value& value);

}  // namespace dtenv
