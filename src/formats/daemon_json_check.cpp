#include "formats/daemon_json_check.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>

#include "base/text.hpp"
#include "formats/daemon_json_edit.hpp"
#include "formats/daemon_json_members.hpp"
#include "formats/registry_mirror.hpp"

namespace dtenv {

namespace {

using Kind = JsonNode::Kind;

bool is_address(const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return inet_pton(AF_INET, text.c_str(), bytes.data()) == 1 ||
         inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1;
}

bool is_alnum(unsigned char c) {
  return std::isalnum(c) != 0 && c < 0x80;
}

/// As moby: labels of letters, digits and inner hyphens, one letter somewhere; or the root alone.
bool is_domain(const std::string& text) {
  if (text == ".") return true;
  if (std::none_of(text.begin(), text.end(),
                   [](unsigned char c) { return is_alnum(c) && std::isdigit(c) == 0; }))
    return false;
  const std::size_t end = ends_with(text, ".") ? text.size() - 1 : text.size();
  const auto labels = split(std::string_view(text).substr(0, end), '.');
  return text.size() < 255 &&
         std::all_of(labels.begin(), labels.end(), [](const std::string& label) {
           return !label.empty() && label.front() != '-' && label.back() != '-' &&
                  std::all_of(label.begin(), label.end(),
                              [](unsigned char c) { return is_alnum(c) || c == '-'; });
         });
}

/// Walks one text and gathers what is wrong in it.
class Checker {
 public:
  Checker(std::string_view text, EngineRelease engine) : text_(text), engine_(engine) {}

  std::vector<Problem> take() { return std::move(problems_); }

  void object(const JsonNode& root, const JsonPath& path) {
    for (const JsonMember& member : root.members) {
      JsonPath inner = path;
      inner.push_back(member.key);
      const DaemonKey* key = find_daemon_key(member.key);
      if (key && !member.value.is(Kind::null)) {
        if (type(*key, member.value, inner)) rule(*key, member.value, inner);
      } else if (!key && is_flattened(member.key, member.value)) {
        object(member.value, inner);
      }
    }
  }

  void members(const JsonNode& root) {
    for (const DaemonFault& fault : check_daemon_members(root, engine_).faults)
      problem(*fault.at, fault.path, fault.problem, fault.hint);
  }

 private:
  void problem(const JsonNode& at, const JsonPath& path, std::string what, std::string hint = {}) {
    const auto [line, column] = line_and_column(text_, at.begin);
    problems_.push_back({json_pointer(path), line, column, std::move(what), std::move(hint)});
  }

  bool type(const DaemonKey& key, const JsonNode& value, const JsonPath& path) {
    const auto faults = type_faults(key.type, value, path);
    for (const DaemonFault& fault : faults)
      problem(*fault.at, fault.path, fault.problem, fault.hint);
    if (faults.empty() && (key.name == "proxies" || key.name == "tlsopts")) object(value, path);
    return faults.empty();
  }

  void rule(const DaemonKey& key, const JsonNode& value, const JsonPath& path) {
    if (key.name == "registry-mirrors") return mirrors(value, path);
    if (key.name == "runtimes") return runtimes(value, path);
    if (key.name == "labels") return labels(value, path);
    if (key.name == "exec-opts") return exec_opts(value, path);
    if (key.name == "log-level") return log_level(value, path);
    if (key.name == "hosts") return hosts(value, path);
    if (key.name == "dns") return each_is(is_address, " is not an ip address", value, path);
    if (key.name == "dns-search") return each_is(is_domain, " is not a valid domain", value, path);
    if (key.name == "default-ipc-mode")
      return mode("IPC mode setting", {"shareable", "private"}, value, path);
    if (key.name == "default-cgroupns-mode")
      return mode("cgroup namespace mode", {"host", "private"}, value, path);
    if (key.name == "max-download-attempts" && value.text == "0")
      problem(value, path, "invalid max download attempts: 0");
    if (!value.is(Kind::number) || !starts_with(value.text, "-")) return;
    const std::map<std::string_view, std::string> names = {
        {"max-concurrent-downloads", "invalid max concurrent downloads: "},
        {"max-concurrent-uploads", "invalid max concurrent uploads: "},
        {"max-download-attempts", "invalid max download attempts: "},
        {"mtu", "invalid default MTU: "}};
    const auto name = names.find(key.name);
    if (name != names.end()) problem(value, path, name->second + value.text);
  }

  void each_is(bool (*good)(const std::string&), const char* what, const JsonNode& value,
               JsonPath path) {
    path.emplace_back();
    for (std::size_t i = 0; i < value.items.size(); ++i) {
      path.back() = std::to_string(i);
      const std::string text(trim(value.items[i].text));
      if (!good(text)) problem(value.items[i], path, visible(text) + what);
    }
  }

  void mode(const std::string& name, const std::array<std::string_view, 2>& known,
            const JsonNode& value, const JsonPath& path) {
    if (value.text.empty() || value.text == known[0] || value.text == known[1]) return;
    problem(value, path,
            "default " + name + " (" + visible(value.text) + ") is invalid; use \"" +
                std::string(known[0]) + "\" or \"" + std::string(known[1]) + "\"");
  }

  void mirrors(const JsonNode& value, JsonPath path) {
    path.emplace_back();
    for (std::size_t i = 0; i < value.items.size(); ++i) {
      path.back() = std::to_string(i);
      const auto checked = check_mirror(value.items[i].text, engine_);
      if (!checked) problem(value.items[i], path, checked.error().message);
    }
  }

  void runtimes(const JsonNode& value, JsonPath path) {
    path.emplace_back();
    for (const JsonMember& member : value.members) {
      path.back() = member.key;
      const bool by_path = member.value.find("path") != nullptr;
      const bool by_type = member.value.find("runtimeType") != nullptr;
      const auto bad = [&](const std::string& what) {
        problem(member.value, path, "runtime " + visible(member.key) + ": " + what);
      };
      if (member.key == "runc") bad("runtime name 'runc' is reserved");
      if (!engine_.at_least(23)) continue;  // 20.10 knows a path alone, and asks for none
      if (by_path && by_type) bad("cannot configure both");
      if (!by_path && !by_type) bad("either a runtimeType or a path must be configured");
      if (by_path && member.value.find("options"))
        bad("options cannot be used with a path runtime");
      if (by_type && member.value.find("runtimeArgs"))
        bad("args cannot be used with a runtimeType runtime");
    }
  }

  void labels(const JsonNode& value, const JsonPath& path) {
    std::map<std::string, std::string> seen;
    for (const JsonNode& item : value.items) {
      const std::size_t equals = item.text.find('=');
      if (equals == std::string::npos || equals == 0) {
        problem(item, path, "bad attribute format: " + visible(item.text));
        continue;
      }
      const auto [at, fresh] = seen.emplace(item.text.substr(0, equals), item.text);
      if (!fresh && at->second != item.text)
        problem(item, path,
                "conflict labels for " + visible(item.text) + " and " + visible(at->second));
    }
  }

  void exec_opts(const JsonNode& value, const JsonPath& path) {
    for (const JsonNode& item : value.items) {
      const std::size_t equals = item.text.find('=');
      const std::string name = item.text.substr(0, equals);
      const std::string start = "invalid exec-opt (" + visible(item.text) + "): ";
      if (equals == std::string::npos)
        problem(item, path, start + "must be formatted 'opt=value'");
      else if (lower(name) != "native.cgroupdriver")
        problem(item, path, start + "unknown option: '" + visible(name) + "'");
      else if (item.text.substr(equals + 1) != "systemd" &&
               item.text.substr(equals + 1) != "cgroupfs")
        problem(item, path, start + "must be systemd or cgroupfs");
    }
  }

  void log_level(const JsonNode& value, const JsonPath& path) {
    const std::vector<std::string> levels = {"trace",   "debug", "info",  "warn",
                                             "warning", "error", "fatal", "panic"};
    if (std::find(levels.begin(), levels.end(), lower(value.text)) == levels.end())
      problem(value, path, "invalid logging level: " + visible(value.text));
  }

  void hosts(const JsonNode& value, const JsonPath& path) {
    for (const JsonNode& item : value.items) {
      const std::string& text = item.text;
      if (!starts_with(text, "tcp://")) continue;
      const std::string_view address = std::string_view(text).substr(6);
      if (address.find('/') != std::string_view::npos)
        problem(
            item, path,
            "invalid bind address (" + visible(address) + "): should not contain a path element");
    }
  }

  std::string_view text_;
  EngineRelease engine_;
  std::vector<Problem> problems_;
};

}  // namespace

std::vector<Problem> check_daemon_json(const JsonNode& root, std::string_view text,
                                       const EngineRelease& engine) {
  Checker checker(text, engine);
  checker.object(root, {});
  checker.members(root);
  return checker.take();
}

std::vector<std::string> ignored_daemon_members(const JsonNode& root, std::string_view text,
                                                const EngineRelease& engine) {
  std::vector<std::string> remarks;
  for (const DaemonFault& one : check_daemon_members(root, engine).ignored)
    remarks.push_back(json_pointer(one.path) + ": " + one.problem + " (line " +
                      std::to_string(line_and_column(text, one.at->begin).first) + ")" +
                      (one.hint.empty() ? "" : "; " + one.hint));
  return remarks;
}

}  // namespace dtenv
