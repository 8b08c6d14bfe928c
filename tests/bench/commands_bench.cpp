// Runs a command N times on each of several connected machines, all machines at once, as steps do.
//   commands_bench FOLDER COUNT KEY KEX NAME=ADDRESS=PORT=HOST_KEY…
// prints the seconds from the first command to the last, the connections being up.
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <iostream>
#include <memory>
#include <vector>

#include "base/parallel.hpp"
#include "base/text.hpp"
#include "host/make_host.hpp"
#include "support/loop.hpp"

using namespace dtenv;

namespace {

using Hosts = std::vector<std::unique_ptr<Host>>;

Task<void> connect_one(Host& host) {
  const auto connected = co_await host.connect();
  if (!connected) throw std::runtime_error(connected.error().message);
}

Task<void> run_many(Host& host, int count) {
  Command command;
  command.argv.emplace_back("true");
  for (int i = 0; i < count; ++i) {
    const auto done = co_await host.run(command);
    if (!done || !done->ok()) throw std::runtime_error(host.name() + ": the command failed");
  }
}

Task<Result<double>> measure(const Hosts& hosts, int count) {
  co_await for_each_parallel(hosts.size(), 32,
                             [&](std::size_t i) { return connect_one(*hosts[i]); });
  const auto begun = std::chrono::steady_clock::now();
  co_await for_each_parallel(hosts.size(), hosts.size(),
                             [&](std::size_t i) { return run_many(*hosts[i], count); });
  co_return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

SshOptions options_of(const std::vector<std::string>& fields, const char* key, const char* kex) {
  SshOptions options;
  options.host = fields.at(1);
  options.port = static_cast<int>(parse_integer(fields.at(2), 1, 65535).value());
  options.user = "root";
  options.identity_file = key;
  options.config_file = "/dev/null";
  options.kex_algorithms = kex;
  options.host_keys.emplace_back(fields.at(3));
  return options;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 6) return 2;
  asio::io_context loop;
  HostContext context;
  context.executor = loop.get_executor();
  context.folder = argv[1];
  Hosts hosts;
  for (int i = 5; i < argc; ++i) {
    const std::vector<std::string> fields = split(argv[i], '=');
    hosts.push_back(make_ssh_host(context, fields.at(0), options_of(fields, argv[3], argv[4])));
  }
  const int count = std::stoi(argv[2]);
  std::cout << run_on(loop, measure(hosts, count), std::chrono::seconds(600)).value() << "\n";
  hosts.clear();
  loop.restart();
  loop.run_for(std::chrono::milliseconds(300));
} catch (const std::exception& error) {
  std::cerr << error.what() << "\n";
  return 1;
}
