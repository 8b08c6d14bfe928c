// The changing half of KeyExchange.
#include <algorithm>

#include "formats/managed_block.hpp"
#include "steps/key_exchange.hpp"
#include "steps/key_files.hpp"
#include "steps/key_place.hpp"
#include "steps/key_programs.hpp"

namespace dtenv {

namespace {

/// Whose home it is, as the plan found it: the payload's first line "OWNER HOME", and the rest.
struct Home {
  std::string owner;
  std::string folder;
  std::string rest;
};

Home home_of(const Change& change) {
  const std::size_t end = change.payload.find('\n');
  const std::string line = change.payload.substr(0, end);
  const std::size_t blank = line.find(' ');
  Home home;
  home.owner = line.substr(0, blank);
  home.folder = line.substr(blank + 1);
  home.rest = change.payload.substr(end + 1);
  return home;
}

/// Its name in ~/.ssh; empty: it is none of those.
std::string user_file_name(std::string_view role) {
  if (role == "authorized_keys" || role == "environment") return std::string(role);
  if (role == "known_hosts") return "known_hosts_dtenv";
  if (role == "ssh_config") return "config";
  return role == "user_certificate" ? "id_dtenv-cert.pub" : "";
}

FileWrite user_file(const Home& home, const std::string& name, const std::string& text) {
  FileWrite file;
  file.path = home.folder + "/.ssh/" + name;
  file.content = text;
  file.mode = 0600;
  file.owner = home.owner;
  file.folder_mode = 0700;
  file.keep_attributes = false;  // an ACL would open to others what its mode closes
  return file;
}

Task<Result<void>> write_ours(Host& host, std::string path, std::string text) {
  FileWrite file;
  file.path = std::move(path);
  file.content = std::move(text);
  file.mode = 0600;
  co_return co_await host.write(file);
}

Task<Result<void>> run_program(Host& host, const Change& change, Command command) {
  DT_CO_TRY_ASSIGN(const Outcome done, co_await host.run(command));
  if (done.ok()) co_return Result<void>();
  const auto lines = split_lines(trim(done.err));
  co_return Error(Status::command, change.resource + ": " +
                                       (lines.empty() ? "exit " + std::to_string(done.exit_code)
                                                      : visible(lines.back(), 300)));
}

/// First what opens the door from outside, then the rest.
Task<Result<void>> remove_all(Host& host, const Change& change) {
  const Home home = home_of(change);
  std::vector<std::string> arguments = {home.folder};
  for (const char* name : {"authorized_keys", "config", "environment"}) {
    const std::string path = home.folder + "/.ssh/" + name;
    DT_CO_TRY_ASSIGN(const auto file, co_await host.read(path, std::size_t{8} << 20));
    if (!file) continue;
    DT_CO_TRY_ASSIGN(const std::string rest, without_block(file->content, key_block_tag));
    if (rest == file->content) continue;
    if (rest.empty() && block_made_file(file->content, key_block_tag)) arguments.push_back(path);
    const FileWrite write = user_file(home, name, rest);
    DT_CO_TRY(co_await host.write(write));
  }
  Command remove = key_command(remove_program, std::move(arguments));
  co_return co_await run_program(host, change, std::move(remove));
}

Task<Result<void>> install_host_certificate(Host& host, const Change& change) {
  std::string path(host_certificate_file);
  DT_CO_TRY(co_await write_ours(host, std::move(path), change.payload));
  Command restart = key_command(sshd_program, std::vector<std::string>());
  co_return co_await run_program(host, change, std::move(restart));
}

std::string comment_of(const KeyExchange::Config& config, const Target& target) {
  return "dtenv-" + target.cluster + "-" + target.node.name + ".g" +
         std::to_string(config.generation);
}

/// What one program does; its data goes along as arguments and stdin.
Command program_of(const KeyExchange::Config& config, const Change& change, const Target& target,
                   const std::string& what) {
  if (what == "host key") return key_command(host_key_program, {comment_of(config, target)});
  if (what == "account") return key_command(account_program, {target.node.container_user});
  if (what == "sshd") return key_command(sshd_program, {});
  if (what == "certificates") {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(config.validity);
    Command sign = key_command(sign_program,
                               {std::string(ssh_folder) + "/issued", target.cluster,
                                std::to_string(seconds.count()), join(config.from, ",")},
                               false);
    sign.input = change.payload;
    return sign;
  }
  const Home home = home_of(change);
  if (change.action == Action::remove) return key_command(no_user_key_program, {home.folder});
  const bool rsa = config.key == "rsa";
  const std::size_t blank = home.rest.find(' ');
  return key_command(user_key_program,
                     {home.rest.substr(0, blank), home.folder, home.owner, config.key,
                      rsa ? std::to_string(config.rsa_bits) : "256", comment_of(config, target),
                      home.rest.substr(blank + 1)},
                     !rsa);
}

std::string role_of(const Change& change) {
  return change.resource.substr(change.resource.rfind(':') + 1);
}

FileWrite user_write(const Change& change) {
  const std::string role = role_of(change);
  const Home home = home_of(change);
  return user_file(home, user_file_name(role),
                   user_file_text(role, home.rest, change.common.get()));
}

Task<Result<void>> apply_one(const KeyExchange::Config& config, const Change& change,
                             Target& target, KeyPlace& place) {
  const std::string what = role_of(change);
  if (what == "keys and sshd") co_return co_await remove_all(place.host(), change);
  if (what == "host_certificate") co_return co_await install_host_certificate(place.host(), change);
  if (what == "sshd_config") {
    std::string path = std::string(ssh_folder) + "/sshd_config";
    co_return co_await write_ours(place.host(), std::move(path), change.payload);
  }
  Command command = program_of(config, change, target, what);
  co_return co_await run_program(place.host(), change, std::move(command));
}

}  // namespace

std::size_t KeyExchange::together(std::span<const Change> changes) {
  const auto other = std::find_if(changes.begin(), changes.end(), [](const Change& change) {
    return user_file_name(role_of(change)).empty();
  });
  return std::max<std::size_t>(1, static_cast<std::size_t>(other - changes.begin()));
}

Task<Result<void>> KeyExchange::apply(const Config& config, std::span<const Change> changes,
                                      Target& target) {
  DT_CO_TRY_ASSIGN(KeyPlace place, co_await KeyPlace::enter(config, target));
  if (user_file_name(role_of(changes.front())).empty())
    co_return co_await apply_one(config, changes.front(), target, place);
  std::vector<FileWrite> files;
  for (const Change& change : changes) files.push_back(user_write(change));
  co_return co_await place.host().write_all(files);
}

}  // namespace dtenv
