#include "bench/sim_machine.hpp"

#include <boost/json.hpp>

#include "base/deadline.hpp"
#include "base/digest.hpp"
#include "base/text.hpp"
#include "formats/managed_block.hpp"
#include "host/patient_dial.hpp"
#include "host/shell_programs.hpp"
#include "steps/key_files.hpp"
#include "steps/key_programs.hpp"

namespace dtenv {

namespace {

constexpr const char* ssh_home = "/root/.ssh/";

Outcome said(std::string out, int exit_code = 0) {
  Outcome outcome;
  outcome.out = std::move(out);
  outcome.exit_code = exit_code;
  return outcome;
}

/// A public key that no machine but this one has.
std::string key_line(const std::string& seed, const std::string& comment) {
  std::string blob("\0\0\0\x0bssh-ed25519\0\0\0\x20", 19);
  for (std::size_t i = 0; i < 32; ++i)
    blob += static_cast<char>(std::hash<std::string>()(seed) >> (i % 8 * 8) ^ i);
  return "ssh-ed25519 " + base64(blob) + " " + comment + "\n";
}

Error not_simulated(const std::string& what) {
  return {Status::unsupported, what + ": no simulated machine does this"};
}

}  // namespace

std::shared_ptr<const SimText> SimTexts::keep(std::string_view text) {
  const std::string_view beginning = text.substr(0, 200);
  const auto found = known_.find(beginning);
  if (found != known_.end() && *found->second->whole == text) return found->second;
  auto made = std::make_shared<SimText>();
  made->whole = std::make_shared<const std::string>(text);
  made->sha256 = sha256(text);
  const ManagedText managed = hollow_block(text, key_block_tag);
  if (managed.hollow) made->hollow = managed.text;
  known_[std::string(beginning)] = made;
  return made;
}

SimMachine::SimMachine(const Node& node, SimTexts& texts, SimBehaviour behaviour)
    : node_(node), texts_(texts), behaviour_(behaviour) {}

Task<std::optional<SshFailure>> SimMachine::dial() {
  co_await pause(behaviour_.dial);
  if (behaviour_.down)
    co_return SshFailure{Error(Status::host, "ssh " + node_.address + ": no answer in time"),
                         false};
  if (behaviour_.refusals > 0) {
    --behaviour_.refusals;
    co_return SshFailure{Error(Status::host, "ssh " + node_.address + ": busy with other logins"),
                         true};
  }
  co_return std::nullopt;
}

Task<Result<void>> SimMachine::connect() {
  DialOnce once = [this] { return dial(); };
  co_return co_await dial_patiently(std::move(once));
}

Task<Result<Docker*>> SimMachine::docker() {
  co_return static_cast<Docker*>(this);
}

Task<Result<EngineVersion>> SimMachine::version() {
  co_return EngineVersion{"20.10.24", "1.41", true, false};
}

Task<Result<json::value>> SimMachine::get(std::string path, Duration) {
  if (!starts_with(path, "/containers/")) co_return not_simulated(path);
  json::object container;
  container["Id"] = sha256(node_.name);
  container["Image"] = "sha256:" + sha256("image");
  container["State"] = json::object{{"Status", "running"}, {"Running", true}};
  json::array env;
  env.push_back("PATH=/usr/bin:/bin");
  json::object config;
  config["Env"] = std::move(env);
  container["Config"] = std::move(config);
  co_return json::value(std::move(container));
}

Task<Result<Outcome>> SimMachine::exec(std::string, const Command& command, OutputSink, std::string,
                                       std::function<void(const std::string&)>) {
  co_return answer(command);
}

Outcome SimMachine::answer(const Command& command) {
  if (command.argv.size() < 4) return said("", 127);
  if (auto told = runs_.answer(command)) return std::move(*told);
  const std::string& program = command.argv[2];
  const Argv words(command.argv.begin() + 4, command.argv.end());
  if (program == look_program) return said(look());
  if (program == user_key_program) {
    user_key_ = key_line(node_.name + " user", words.at(5));
    return said("");
  }
  if (program == host_key_program) {
    host_key_ = key_line(node_.name + " host", words.at(0));
    return said("");
  }
  if (program == sshd_program) {
    sshd_runs_ = true;
    return said("");
  }
  if (program == write_program) return write_files(words, command.input);
  if (program == read_program) return read_file(words.at(0));
  if (program == session_program) return said("env PATH=/usr/bin:/bin\n");
  if (program == login_program) {
    std::string out;
    for (std::size_t i = 2; i < words.size(); ++i) out += "login " + words[i] + " 5 0 \x1d\n";
    return said(std::move(out));
  }
  return said("", 127);
}

/// look_program's lines.
std::string SimMachine::look() const {
  std::string text = "user root\nowner 0:0\nhome /root\nopenssh OpenSSH_9.2p1 Debian\naddresses ";
  text += "127.0.0.1 " + node_.address + "\n";
  if (sshd_runs_) text += "sshd running\n";
  if (!user_key_.empty()) text += "folder_mode 700\nkey_mode 600 411\n";
  std::string roles;
  std::string sizes;
  std::string bytes;
  const auto add = [&](const char* role, const std::string& line, std::string_view content) {
    roles += std::string(" ") + role;
    sizes += line + "\n";
    bytes += content;
  };
  const auto add_whole = [&](const char* role, const std::string& mode, std::string_view content) {
    if (!content.empty()) add(role, mode + " " + std::to_string(content.size()), content);
  };
  add_whole("user_key", "644", user_key_);
  add_whole("host_key", "644", host_key_);
  const std::pair<const char*, std::string> paths[] = {
      {"sshd_config", std::string(ssh_folder) + "/sshd_config"},
      {"authorized_keys", std::string(ssh_home) + "authorized_keys"},
      {"known_hosts", std::string(ssh_home) + "known_hosts_dtenv"},
      {"ssh_config", std::string(ssh_home) + "config"}};
  for (const auto& [role, path] : paths) {
    const auto found = files_.find(path);
    if (found == files_.end()) continue;
    const auto& [kept, mode] = found->second;
    if (std::string_view(role) == "known_hosts")
      add(role, mode + " 0 " + kept->sha256, "");
    else if (!kept->hollow.empty())
      add(role, mode + " " + std::to_string(kept->hollow.size()) + " hollow", kept->hollow);
    else
      add_whole(role, mode, *kept->whole);
  }
  if (!roles.empty()) text += "files" + roles + "\n" + sizes + bytes;
  return text;
}

/// write_program's words: six of the folder, then NAME SIZE MODE OWNER SHA256 each.
Outcome SimMachine::write_files(const Argv& words, std::string_view input) {
  for (std::size_t i = 6; i + 4 < words.size(); i += 5) {
    const std::string path = words[0] + "/" + words[i];
    const auto size = static_cast<std::size_t>(parse_integer(words[i + 1], 0, INT64_MAX).value());
    const auto found = files_.find(path);
    const std::string& wanted = words[i + 4];
    const bool as_wanted =
        wanted == "-" ||
        (wanted == "absent" ? found == files_.end()
                            : found != files_.end() && found->second.text->sha256 == wanted);
    if (!as_wanted) return said("", file_exit::stale);
    // "0600" to a machine, "600" from it.
    const std::string mode = words[i + 2] == "-" ? "644" : words[i + 2].substr(1);
    files_[path] = {texts_.keep(input.substr(0, size)), mode};
    input.remove_prefix(size);
  }
  return said("");
}

Outcome SimMachine::read_file(const std::string& path) const {
  if (const auto text = runs_.file(path)) return said("644 0:0\n" + *text);
  const auto found = files_.find(path);
  if (found == files_.end()) return said("", file_exit::absent);
  return said(found->second.mode + " 0:0\n" + *found->second.text->whole);
}

SharedText SimMachine::file(const std::string& path) const {
  const auto found = files_.find(path);
  return found == files_.end() ? nullptr : found->second.text->whole;
}

Task<Result<Outcome>> SimMachine::run(const Command&, OutputSink) {
  co_return not_simulated("a command beside the container");
}
Task<Result<std::optional<FileState>>> SimMachine::read(std::string path, std::size_t) {
  co_return not_simulated(path);
}
Task<Result<void>> SimMachine::write_all(std::span<const FileWrite>) {
  co_return not_simulated("a file beside the container");
}
Task<Result<json::value>> SimMachine::post(std::string path, json::value, Duration, bool*) {
  co_return not_simulated(path);
}
Task<Result<json::value>> SimMachine::remove(std::string path, Duration) {
  co_return not_simulated(path);
}
Task<Result<void>> SimMachine::stream(std::string path, Environ, BodySource, JsonLine, Duration) {
  co_return not_simulated(path);
}
Task<Result<void>> SimMachine::download(std::string path, BodySink, Duration) {
  co_return not_simulated(path);
}
Task<Result<ExecState>> SimMachine::exec_state(std::string id) {
  co_return not_simulated(id);
}
Task<Result<void>> SimMachine::end_marked(std::string, std::string marker, std::string, Duration) {
  co_return not_simulated(marker);
}
Task<Result<void>> SimMachine::logs(std::string container, int, OutputSink) {
  co_return not_simulated(container);
}

}  // namespace dtenv
