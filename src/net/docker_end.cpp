// Ending what runs in a container. The API has no call for it: an exec's Pid is one of the far
// machine's, not of the container. So a second exec looks for the marker that exec() has put into
// the first one's environment.
#include "net/docker_end.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/json.hpp>

#include "base/deadline.hpp"
#include "net/docker_client.hpp"

namespace dtenv {

namespace {

// $1: a signal's name, or 0 to look only; $2: the marker. Exit 3: nothing found. runc makes every
// exec the leader of a session, so that children with another environment or user are found too.
// The shell's own reading is the way without grep -z: a system call a byte.
// Zombies do not count: a container's first process may never reap them.
constexpr std::string_view end_script = R"sh(
signal=$1 wanted=DTENV_EXEC=$2 files= sessions=' ' pids=
if printf 'a\0b' | grep -qzx b 2>/dev/null; then
  files=$(grep -lzxF "$wanted" /proc/[0-9]*/environ 2>/dev/null)
else
  for file in /proc/[0-9]*/environ; do
    while IFS= read -r line || [ -n "$line" ]; do
      case $line in *"$wanted"*) files="$files $file"; break ;; esac
    done <"$file"
  done 2>/dev/null
fi
for file in $files; do
  read -r stat <"${file%environ}stat" || continue
  set -- ${stat##*) }
  case $4 in '' | 0 | *[!0-9]*) continue ;; esac
  sessions="$sessions$4 "
done 2>/dev/null
for folder in /proc/[0-9]*; do
  stat=
  read -r stat <"$folder/stat" || continue
  set -- ${stat##*) }
  case $1 in Z | X) continue ;; esac
  case $sessions in *" $4 "*) pids="$pids ${folder#/proc/}" ;; esac
done 2>/dev/null
[ -n "$pids" ] || exit 3
[ "$signal" = 0 ] || kill -s "$signal" $pids 2>/dev/null
exit 0
)sh";

/// Whether anything was found.
Task<Result<bool>> sweep(EnginePtr engine, std::string container, std::string user,
                         std::string signal, std::string marker) {
  json::array argv;
  for (const std::string_view word :
       {std::string_view("/bin/sh"), std::string_view("-c"), end_script,
        std::string_view("dtenv-end"), std::string_view(signal), std::string_view(marker)})
    argv.push_back(json::string(word));
  json::object create;
  create["Cmd"] = std::move(argv);
  if (!user.empty()) create["User"] = user;
  json::object start;
  start["Detach"] = true;
  json::value body = std::move(create);
  const Duration limit = std::chrono::seconds(10);
  const std::string path = "/containers/" + url_encode(container) + "/exec";
  DT_CO_TRY_ASSIGN(const json::value created,
                   co_await engine_call(engine, "POST", path, std::move(body), limit));
  const auto* id = created.is_object() ? created.get_object().if_contains("Id") : nullptr;
  if (id == nullptr || !id->is_string())
    co_return Error{Status::io, "POST " + path + ": no Id in the reply"};
  const std::string name(id->get_string());
  body = std::move(start);
  const std::string start_path = "/exec/" + name + "/start";
  DT_CO_TRY(co_await engine_call(engine, "POST", start_path, std::move(body), limit));
  for (int tries = 0; tries < 500; ++tries) {
    DT_CO_TRY_ASSIGN(const ExecState state, co_await exec_state_of(engine, name));
    if (state.exit_code && *state.exit_code > 3)
      co_return Error{Status::command, "ending an exec in " + container + ": exit " +
                                           std::to_string(*state.exit_code)};
    if (state.exit_code) co_return *state.exit_code != 3;
    co_await pause(std::chrono::milliseconds(10));
  }
  co_return Error{Status::timeout, "ending an exec in " + container + ": no end after 5 s"};
}

struct Ending {
  explicit Ending(const asio::any_io_executor& executor) : over(executor) {}
  asio::steady_timer over;  // expires in 2 s, or is cancelled when it is done
  bool done = false;
};

Task<void> end_in_background(EnginePtr engine, std::string container, std::string id,
                             std::string marker, std::string user, std::shared_ptr<Ending> ending) {
  // The request to start may still be on its way through the engine.
  for (int tries = 0; tries < 60; ++tries) {
    const auto state = co_await exec_state_of(engine, id);
    if (state.has_error() || state->running || state->exit_code) break;
    co_await pause(std::chrono::milliseconds(50));
  }
  // Nobody is left to be told of a failure.
  co_await end_marked_in(engine, std::move(container), std::move(marker), std::move(user),
                         std::chrono::milliseconds(700));
  ending->done = true;
  ending->over.cancel();
}

}  // namespace

Task<Result<void>> end_marked_in(EnginePtr engine, std::string container, std::string marker,
                                 std::string user, Duration grace) {
  const auto patience = std::chrono::steady_clock::now() + grace;
  DT_CO_TRY_ASSIGN(bool found, co_await sweep(engine, container, user, "TERM", marker));
  while (found && std::chrono::steady_clock::now() < patience) {
    co_await pause(std::chrono::milliseconds(30));
    DT_CO_TRY_ASSIGN(found, co_await sweep(engine, container, user, "0", marker));
  }
  // More than once: something may have forked while it was looked for.
  for (int times = 0; found && times < 5; ++times) {
    DT_CO_TRY_ASSIGN(found, co_await sweep(engine, container, user, "KILL", marker));
  }
  if (found) co_return Error{Status::command, "ending an exec in " + container + ": it lives on"};
  co_return Result<void>{};
}

Task<void> end_exec(EnginePtr engine, std::string container, std::string id, std::string marker,
                    std::string user) {
  const auto executor = co_await asio::this_coro::executor;
  const auto ending = std::make_shared<Ending>(executor);
  ending->over.expires_after(std::chrono::seconds(2));
  asio::co_spawn(executor,
                 end_in_background(engine, std::move(container), std::move(id), std::move(marker),
                                   std::move(user), ending),
                 asio::detached);
  while (!ending->done) {
    const auto [cancelled] = co_await ending->over.async_wait(asio::as_tuple(asio::use_awaitable));
    if (!cancelled) break;
  }
}

Task<Result<void>> DockerClient::end_marked(std::string container, std::string marker,
                                            std::string user, Duration grace) {
  return end_marked_in(engine_, std::move(container), std::move(marker), std::move(user), grace);
}

}  // namespace dtenv
