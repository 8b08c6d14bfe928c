// The changing half of KeyExchange.
#include "base/digest.hpp"
#include "steps/key_exchange.hpp"
#include "steps/key_files.hpp"
#include "steps/key_programs.hpp"
#include "steps/training_container.hpp"

namespace dtenv {

namespace {

Command sh(std::string_view program, const std::vector<std::string>& arguments) {
  Command command;
  command.argv = {"sh", "-c", std::string(program), "dtenv"};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  return command;
}

Task<Result<std::string>> home_of(ContainerHost& inside, const std::string& user) {
  Command ask;
  ask.argv = {"getent", "passwd", user};
  DT_CO_TRY_ASSIGN(const Outcome told, co_await run_ok(inside, ask));
  const auto fields = split(trim(told.out), ':');
  if (fields.size() < 7 || fields[5].empty())
    co_return Error(Status::state, "user " + user + " has no home in the container");
  co_return fields[5];
}

Task<Result<void>> write_user_file(ContainerHost& inside, const Node& node, const std::string& name,
                                   const std::string& text) {
  DT_CO_TRY_ASSIGN(const std::string home, co_await home_of(inside, node.container_user));
  Command ids;
  ids.argv = {"stat", "-c", "%u:%g", "--", home + "/.ssh"};
  DT_CO_TRY_ASSIGN(const Outcome owner, co_await run_ok(inside, ids));
  FileWrite file;
  file.path = home + "/.ssh/" + name;
  file.content = text;
  file.mode = 0600;
  file.owner = trim(owner.out);
  file.folder_mode = 0700;
  co_return co_await inside.write(file);
}

Task<Result<void>> remove_all(ContainerHost& inside, const Node& node) {
  const std::vector<std::string> who = {node.container_user};
  DT_CO_TRY_ASSIGN(const std::string home, co_await home_of(inside, node.container_user));
  for (const std::string name : {"authorized_keys", "config"}) {
    const std::string path = home + "/.ssh/" + name;
    DT_CO_TRY_ASSIGN(const auto file, co_await inside.read(path, std::size_t{8} << 20));
    if (!file) continue;
    DT_CO_TRY_ASSIGN(const std::string rest, without_our_block(file->content, "key_exchange"));
    if (rest == file->content) continue;
    DT_CO_TRY(co_await write_user_file(inside, node, name, rest));
  }
  const Command remove = sh(remove_program, who);
  DT_CO_TRY(co_await inside.run(remove));
  co_return Result<void>();
}

}  // namespace

Task<Result<void>> KeyExchange::apply(const Config& config, const Change& change, Target& target) {
  DT_CO_TRY_ASSIGN(ContainerHost inside,
                   co_await enter_training_container(target, config.container));
  const Node& node = target.node;
  const std::string what = change.resource.substr(change.resource.find(':') + 1);
  const std::string comment = "dtenv-" + target.cluster + "-" + node.name;
  if (change.action == Action::remove) co_return co_await remove_all(inside, node);
  if (what == "authorized_keys" || what == "known_hosts" || what == "ssh_config") {
    const std::string name = what == "known_hosts"  ? "known_hosts_dtenv"
                             : what == "ssh_config" ? "config"
                                                    : what;
    co_return co_await write_user_file(inside, node, name, change.payload);
  }
  if (what == "sshd_config") {
    FileWrite file;
    file.path = std::string(ssh_folder) + "/sshd_config";
    file.content = change.payload;
    file.mode = 0600;
    co_return co_await inside.write(file);
  }
  std::vector<std::string> arguments;
  std::string_view program = sshd_program;
  if (what == "user key") {
    program = user_key_program;
    const std::string bits = config.key == "rsa" ? std::to_string(config.rsa_bits) : "256";
    arguments = {node.container_user, config.key, bits, comment};
  } else if (what == "host key") {
    program = host_key_program;
    arguments = {comment};
  }
  const Command command = sh(program, arguments);
  DT_CO_TRY_ASSIGN(const Outcome done, co_await inside.run(command));
  if (done.ok()) co_return Result<void>();
  const auto lines = split_lines(trim(done.err));
  co_return Error(Status::command, change.resource + ": " +
                                       (lines.empty() ? "exit " + std::to_string(done.exit_code)
                                                      : visible(lines.back(), 300)));
}

}  // namespace dtenv
