#include "recorded_machine.hpp"

#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace dtenv {
namespace {

/// What the look program reads files with.
constexpr const char* tools[] = {"sh",   "cat",  "sed",  "grep", "find", "timeout", "readlink",
                                 "sort", "tail", "head", "ls",   "tr",   "od",      "uname"};

fs::path find_tool(const std::string& name) {
  // The system's own first: one of pyenv is a script that needs the folder it stands in.
  std::istringstream folders("/usr/bin:/bin:/usr/sbin:/sbin:" + std::string(std::getenv("PATH")));
  for (std::string folder; std::getline(folders, folder, ':');)
    if (fs::exists(fs::path(folder) / name)) return fs::path(folder) / name;
  throw std::runtime_error("this machine has no " + name);
}

void write_text(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path.native(), std::ios::binary) << text;
}

/// NAME.out and NAME.WORD.out are what it says; the first of its words that has an answer counts.
std::string script(const std::string& folder, const std::string& name) {
  const std::string answers = "'" + folder + "/answers/" + name;
  return "#!/bin/sh\n{ echo '--'; echo '" + name +
         "'; for w in \"$@\"; do printf '%s\\n' \"$w\"; "
         "done; } >>'" +
         folder +
         "/calls'\n"
         "answer=" +
         answers +
         "'\n"
         "for w in \"$@\"; do case $w in */*) ;; *)\n"
         "  [ -f \"$answer.$w.exit\" ] && { answer=$answer.$w; break; } ;; esac; done\n"
         "[ -f \"$answer.exit\" ] || exit 0\n"
         "[ -f \"$answer.hangs\" ] && exec /bin/sleep 60\n"
         "cat \"$answer.out\"\ncat \"$answer.err\" >&2\n"
         "exit \"$(cat \"$answer.exit\")\"\n";
}

}  // namespace

std::string text_of(const json::value& value) {
  if (value.is_string()) return std::string(value.as_string());
  std::string text;
  for (const auto& line : value.as_array()) text += std::string(line.as_string()) + "\n";
  return text;
}

RecordedMachine::RecordedMachine()
    : folder_(fs::temp_directory_path() / fs::unique_path("dtenv-machine-%%%%%%%%")) {
  fs::create_directories(folder_ / "root");
  fs::create_directories(folder_ / "bin");
  fs::create_directories(folder_ / "answers");
  for (const char* tool : tools) fs::create_symlink(find_tool(tool), folder_ / "bin" / tool);
}

RecordedMachine::~RecordedMachine() {
  boost::system::error_code ignored;
  fs::remove_all(folder_, ignored);
}

void RecordedMachine::add(const json::object& recording) {
  if (const auto* devices = recording.if_contains("pci")) {
    fs::remove_all(folder_ / "root/sys/bus/pci/devices");
    fs::create_directories(folder_ / "root/sys/bus/pci/devices");
    for (const auto& row : devices->as_array()) add_device(std::string(row.as_string()));
  }
  if (const auto* files = recording.if_contains("files"))
    for (const auto& file : files->as_object()) add_file(std::string(file.key()), file.value());
  if (const auto* programs = recording.if_contains("programs"))
    for (const auto& program : programs->as_object())
      add_program(std::string(program.key()), program.value());
}

void RecordedMachine::add_file(const std::string& path, const json::value& content) {
  const fs::path place = folder_ / "root" / path.substr(1);
  fs::remove_all(place);
  if (content.is_null()) return;
  if (content.is_object()) {
    fs::create_directories(place.parent_path());
    if (content.as_object().contains("fifo")) {
      // Nobody writes to it: a reader waits for ever.
      if (::mkfifo(place.c_str(), 0600) != 0) throw std::runtime_error("mkfifo " + path);
      return;
    }
    const std::string target(content.at("link").as_string());
    fs::create_symlink(target == "NVML_STANDIN" ? DTENV_NVML_STANDIN : target, place);
    return;
  }
  write_text(place, text_of(content));
}

/// "0000:06:00.0 10de:1db1 030200 nvidia 0"; "-": no driver.
void RecordedMachine::add_device(const std::string& row) {
  std::istringstream words(row);
  std::string slot, id, kind, driver, node;
  words >> slot >> id >> kind >> driver >> node;
  const fs::path device = folder_ / "root/sys/bus/pci/devices" / slot;
  write_text(device / "vendor", "0x" + id.substr(0, 4) + "\n");
  write_text(device / "device", "0x" + id.substr(5) + "\n");
  write_text(device / "class", "0x" + kind + "\n");
  write_text(device / "numa_node", (node.empty() ? "-1" : node) + "\n");
  if (driver != "-") fs::create_symlink("../../../../bus/pci/drivers/" + driver, device / "driver");
}

void RecordedMachine::write_program(const std::string& name) {
  const fs::path place = folder_ / "bin" / name;
  fs::remove(place);
  write_text(place, script(folder_.native(), name));
  fs::permissions(place, fs::owner_all);
}

void RecordedMachine::add_actor(const std::string& name) {
  if (!fs::exists(folder_ / "bin" / name)) write_program(name);
}

void RecordedMachine::add_program(const std::string& key, const json::value& answer) {
  const auto blank = key.find(' ');
  const std::string name = key.substr(0, blank);
  const fs::path said = folder_ / "answers" /
                        (blank == std::string::npos ? name : name + "." + key.substr(blank + 1));
  for (const char* part : {".out", ".err", ".exit", ".hangs"}) fs::remove(said.native() + part);
  if (answer.is_null()) {
    if (blank == std::string::npos) fs::remove(folder_ / "bin" / name);
    return;
  }
  const auto& words = answer.as_object();
  if (words.if_contains("real") != nullptr) {
    fs::remove(folder_ / "bin" / name);
    fs::create_symlink(find_tool(name), folder_ / "bin" / name);
    return;
  }
  const auto part = [&](const char* which) {
    const auto* text = words.if_contains(which);
    return text == nullptr ? std::string() : text_of(*text);
  };
  const auto* code = words.if_contains("exit");
  write_text(said.native() + ".out", part("out"));
  write_text(said.native() + ".err", part("err"));
  write_text(said.native() + ".exit", code == nullptr ? "0" : json::serialize(*code));
  if (words.if_contains("hangs") != nullptr) write_text(said.native() + ".hangs", "");
  write_program(name);
}

std::vector<std::vector<std::string>> RecordedMachine::calls() {
  std::vector<std::vector<std::string>> out;
  const fs::path place = folder_ / "calls";
  std::ifstream file(place.native());
  for (std::string line; std::getline(file, line);) {
    if (line == "--")
      out.emplace_back();
    else if (!out.empty())
      out.back().push_back(line);
  }
  file.close();
  fs::remove(place);
  return out;
}

}  // namespace dtenv
