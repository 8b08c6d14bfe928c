// What the fault tests drive: one write of one host, or many edits of one file.
//   fault_writer write HOST PATH EXPECTED FOLLOW    the content on stdin; EXPECTED: sha256,
//   "absent", "-" fault_writer edit HOST PATH PREFIX COUNT        adds the keys PREFIX-1 …
//   PREFIX-COUNT
// HOST is "local", or the shell whose program does it, as on a machine reached by ssh: "dash",
// "bash".
#include <cstdio>
#include <iostream>
#include <iterator>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "contract/setup.hpp"
#include "formats/daemon_json_edit.hpp"

using namespace dtenv;

namespace {

constexpr int attempts = 1000;

struct Machine {
  asio::io_context loop;
  CurlLoop curl{loop.get_executor()};
  std::unique_ptr<Host> host;

  explicit Machine(const std::string& name) {
    const HostContext context{loop.get_executor(), &curl, "/"};
    host = name == "local" ? make_local_host(context, name) : make_shell_host(context, {}, {name});
  }
  Result<void> write(const FileWrite& file) { return run_on(loop, host->write(file)); }
};

int say(const Error& error) {
  std::cerr << error << '\n';
  return error.status == Status::plan_stale ? 75 : 1;
}

int write_once(Machine& machine, const Argv& words) {
  FileWrite file;
  file.path = words[0];
  file.content = {std::istreambuf_iterator<char>(std::cin), {}};
  if (words[1] != "-") file.expected_sha256 = words[1] == "absent" ? "" : words[1];
  file.follow_symlink = words[2] == "1";
  const auto written = machine.write(file);
  return written ? 0 : say(written.error());
}

/// One read, edit and checked write; false: somebody else was faster.
Result<bool> edit_once(Machine& machine, const std::string& path, const std::string& key) {
  DT_TRY_ASSIGN(const auto state, run_on(machine.loop, machine.host->read(path)));
  if (!state) return Error{Status::not_found, path + ": gone"};
  DT_TRY_ASSIGN(JsonText text, JsonText::parse(state->content, path));
  if (text.find({key})) return true;
  DT_TRY(text.set({key}, "1"));
  FileWrite file;
  file.path = path;
  file.content = text.text();
  file.expected_sha256 = sha256(state->content);
  const auto written = machine.write(file);
  if (!written && written.error().status != Status::plan_stale) return written.error();
  return written.has_value();
}

int edit_often(Machine& machine, const Argv& words) {
  int retries = 0;
  for (int i = 1; i <= std::stoi(words[2]); ++i) {
    const std::string key = words[1] + "-" + std::to_string(i);
    auto done = edit_once(machine, words[0], key);
    for (int tried = 1; done && !*done && tried < attempts; ++tried) {
      ++retries;
      done = edit_once(machine, words[0], key);
    }
    if (!done) return say(done.error());
    if (!*done) return say({Status::plan_stale, words[0] + ": somebody else is always faster"});
  }
  std::printf("%d retries\n", retries);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const Argv words(argv + 1, argv + argc);
  if (words.size() < 5) return 2;
  Machine machine(words[1]);
  const Argv rest(words.begin() + 2, words.end());
  return words[0] == "write" ? write_once(machine, rest) : edit_often(machine, rest);
}
