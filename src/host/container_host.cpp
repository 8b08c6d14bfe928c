#include "host/container_host.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "host/shell_files.hpp"
#include "proc/environment.hpp"

namespace dtenv {

namespace {

/// The Engine's API is JSON, and takes UTF-8 alone. Other words go as octal digits, and a shell in
/// the container turns them back.
constexpr const char* decode_program = R"sh(o=$LC_ALL; LC_ALL=C; n=$#
while [ "$n" -gt 0 ]; do
  w=$(printf '%b_' "$1"); shift; set -- "$@" "${w%_}"; n=$((n - 1))
done
LC_ALL=$o; exec "$@")sh";

std::string octal_digits(std::string_view word) {
  std::string text;
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    text += "\\0";
    for (const int shift : {6, 3, 0}) text += static_cast<char>('0' + (byte >> shift & 7));
  }
  return text;
}

Argv as_utf8(const Argv& argv) {
  if (std::all_of(argv.begin(), argv.end(), is_utf8)) return argv;
  Argv encoded{"sh", "-c", decode_program, "dtenv"};
  for (const std::string& word : argv) encoded.push_back(octal_digits(word));
  return encoded;
}

}  // namespace

ContainerHost::ContainerHost(Docker& docker, std::string container, std::string name,
                             std::string user)
    : docker_(docker),
      container_(std::move(container)),
      name_(std::move(name)),
      user_(std::move(user)) {}

Task<Result<void>> ContainerHost::connect() {
  DT_CO_TRY_ASSIGN(auto found, co_await docker_.inspect_container(container_));
  if (!found) co_return Error{Status::not_found, "container " + container_ + ": does not exist"};
  boost::system::error_code missing;
  const json::value* running = found->find_pointer("/State/Running", missing);
  if (!running || !running->is_bool() || !running->get_bool())
    co_return Error{Status::host, "container " + container_ + ": is not running"};
  co_return Result<void>{};
}

Task<Result<Outcome>> ContainerHost::run(const Command& command, OutputSink sink) {
  Command inside = command;
  inside.env = merge_environment({{"LC_ALL", "C.UTF-8"}}, command.env);
  inside.argv = as_utf8(command.argv);
  for (const auto& [key, value] : inside.env)
    if (!is_utf8(key) || !is_utf8(value))
      co_return Error{Status::invalid, "container " + container_ + ": the variable " +
                                           visible(key) + " is not UTF-8"};
  co_return co_await docker_.exec(container_, inside, std::move(sink), user_);
}

Task<Result<std::optional<FileState>>> ContainerHost::read(std::string path, std::size_t limit) {
  co_return co_await shell_read(*this, std::move(path), limit);
}

Task<Result<void>> ContainerHost::write_all(std::span<const FileWrite> files) {
  co_return co_await shell_write(*this, files);
}

Task<Result<Docker*>> ContainerHost::docker() {
  co_return Error{Status::unsupported, "container " + container_ + ": has no Docker Engine"};
}

}  // namespace dtenv
