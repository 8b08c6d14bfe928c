#include "formats/launch_command.hpp"

#include <algorithm>

#include "unit/doctest_result.hpp"

using namespace dtenv;

namespace {

LaunchRequest request(std::string engine, std::string version) {
  LaunchRequest wanted;
  wanted.engine = std::move(engine);
  wanted.engine_version = std::move(version);
  wanted.hosts = {{"V100-1", "172.31.32.29", 4, 6001, "root"},
                  {"V100-2", "172.31.32.40", 4, 6002, "root"}};
  wanted.command = {"python", "train.py", "a b"};
  wanted.env = {{"NCCL_DEBUG", "INFO"}};
  return wanted;
}

LaunchCommand made(const LaunchRequest& wanted) {
  auto command = launch_command(wanted);
  REQUIRE(command);
  return std::move(*command);
}

/// The words of `part` stand one after the other in `argv`.
bool has(const Argv& argv, const Argv& part) {
  return std::search(argv.begin(), argv.end(), part.begin(), part.end()) != argv.end();
}

std::string file(const LaunchCommand& command, const std::string& path) {
  for (const LaunchFile& candidate : command.files)
    if (candidate.path == path) return candidate.text;
  return "";
}

}  // namespace

TEST_SUITE("launch command") {
  TEST_CASE("Open MPI 4: every port by the ssh config, no interface by name") {
    const LaunchCommand command = made(request("openmpi", "4.1.4"));
    CHECK(command.argv.front() == "mpirun");
    CHECK(has(command.argv, {"-np", "8", "--map-by", "ppr:4:node", "--bind-to", "none"}));
    CHECK(has(command.argv,
              {"--mca", "plm_rsh_args",
               "-F /var/lib/dtenv/job/ssh_config -o BatchMode=yes -o ConnectTimeout=10"}));
    CHECK(has(command.argv, {"--mca", "btl_tcp_if_include", "172.31.32.0/24"}));
    CHECK(has(command.argv, {"-x", "NCCL_DEBUG"}));
    CHECK(has(command.argv, {"python", "train.py", "a b"}));
    CHECK(std::find(command.argv.begin(), command.argv.end(), "-p") == command.argv.end());
    CHECK(file(command, "/var/lib/dtenv/job/hostfile") == "V100-1 slots=4\nV100-2 slots=4\n");
    CHECK(file(command, "/var/lib/dtenv/job/ssh_config")
              .find("Host V100-2\n    Hostname 172.31.32.40\n    Port 6002\n") !=
          std::string::npos);
  }

  TEST_CASE("Open MPI 5 has other names for the same") {
    const LaunchCommand command = made(request("openmpi", "5.0.3"));
    CHECK(has(command.argv, {"--prtemca", "prte_if_include", "172.31.32.0/24"}));
    CHECK(has(command.argv, {"--output", "tag"}));
    CHECK_FALSE(has(command.argv, {"--tag-output"}));
    CHECK_FALSE(has(command.argv, {"--mca", "plm_rsh_agent", "ssh"}));
  }

  TEST_CASE("hosts of no common network: loopback and Docker's bridge are left out") {
    LaunchRequest wanted = request("openmpi", "4.1.4");
    for (LaunchHost& host : wanted.hosts) host.address = host.name;
    CHECK(has(made(wanted).argv, {"--mca", "oob_tcp_if_exclude", "127.0.0.1/8,docker0"}));
    wanted.engine_version = "5.0.3";
    // Two names bring PRRTE down.
    CHECK(has(made(wanted).argv, {"--prtemca", "prte_if_exclude", "docker0", "--mca"}));
    CHECK(has(made(wanted).argv, {"--mca", "btl_tcp_if_exclude", "127.0.0.1/8,docker0"}));
  }

  TEST_CASE("the user's own ~/.ssh/config: no -F, no file") {
    LaunchRequest wanted = request("openmpi", "4.1.4");
    wanted.ssh_config.clear();
    const LaunchCommand command = made(wanted);
    CHECK(has(command.argv, {"--mca", "plm_rsh_args", "-o BatchMode=yes -o ConnectTimeout=10"}));
    CHECK(command.files.size() == 1);
  }

  TEST_CASE("DeepSpeed: never its own port, check or hostname -I") {
    const LaunchCommand command = made(request("deepspeed", "0.14.0"));
    CHECK(has(command.argv, {"--force_multi", "--no_ssh_check", "--master_addr", "172.31.32.29"}));
    CHECK(has(command.argv, {"train.py", "a b"}));
    CHECK_FALSE(has(command.argv, {"--ssh_port"}));
    CHECK_FALSE(has(command.argv, {"--include"}));
    LaunchRequest old = request("deepspeed", "0.6.4");
    old.env.clear();
    CHECK_FALSE(has(made(old).argv, {"--no_ssh_check"}));
  }

  TEST_CASE("DeepSpeed: what no file of lines or unknown version can carry is refused by name") {
    LaunchRequest wanted = request("deepspeed", "0.19.8");
    const auto refused = [&](const std::string& value) {
      wanted.env = {{"ARGS", value}};
      const auto command = launch_command(wanted);
      return !command && command.error().detail.at(0).pointer == "/env/ARGS";
    };
    CHECK(refused("two\nlines"));
    CHECK(refused(" blank at its end"));
    CHECK_FALSE(refused("a;echo INJ"));
    wanted.engine_version = "0.14.0";
    CHECK(refused("a;echo INJ"));
    CHECK_FALSE(refused("INFO"));
    wanted = request("deepspeed", "0.8.3");
    CHECK_FALSE(launch_command(wanted));
    wanted = request("deepspeed", "0.11.0");
    CHECK(launch_command(wanted).error().detail.at(0).pointer == "/command/2");
  }

  TEST_CASE("DeepSpeed: a program that is no Python script gets no --local_rank") {
    LaunchRequest wanted = request("deepspeed", "0.14.0");
    wanted.command = {"bash", "train.sh"};
    CHECK(has(made(wanted).argv, {"--no_python", "--no_local_rank", "bash", "train.sh"}));
    wanted.command = {"python", "-m", "train.main", "x"};
    CHECK(has(made(wanted).argv, {"--module", "train.main", "x"}));
    wanted.command = {"python", "-O", "train.py"};
    CHECK(has(made(wanted).argv, {"--no_python", "--no_local_rank", "python", "-O", "train.py"}));
    wanted.engine_version = "0.6.4";
    wanted.env.clear();
    CHECK_FALSE(launch_command(wanted));
  }

  TEST_CASE("DeepSpeed per node: its launcher of one node, with nothing to quote") {
    LaunchRequest wanted = request("deepspeed", "0.19.8");
    wanted.per_node = true;
    wanted.hosts[1].slots = 2;
    const LaunchCommand command = made(wanted);
    REQUIRE(command.nodes.size() == 2);
    CHECK(command.files.empty());
    CHECK(command.nodes[1].argv ==
          Argv{"python3", "-u", "-m", "deepspeed.launcher.launch",
               "--world_info=eyJWMTAwLTEiOiBbMCwgMSwgMiwgM10sICJWMTAwLTIiOiBbMCwgMV19",
               "--node_rank=1", "--master_addr=172.31.32.29", "--master_port=29500", "train.py",
               "a b"});
    wanted.engine = "torchrun";
    CHECK_FALSE(launch_command(wanted));
  }

  TEST_CASE("each node's own interface stands in its nccl.conf") {
    LaunchRequest wanted = request("openmpi", "4.1.4");
    wanted.hosts[0].interface = "ens1";
    wanted.hosts[1].interface = "eno2";
    const LaunchCommand command = made(wanted);
    REQUIRE(command.files.size() == 4);
    CHECK(command.files[3].node == "V100-2");
    CHECK(command.files[3].path == "/etc/nccl.conf");
    CHECK(command.files[3].text == "NCCL_SOCKET_IFNAME==eno2\n");
    wanted.engine = "direct";
    const Environ env = made(wanted).nodes[1].env;
    CHECK(std::find(env.begin(), env.end(),
                    std::pair<std::string, std::string>("GLOO_SOCKET_IFNAME", "eno2")) !=
          env.end());
    wanted.hosts[0].interface = "eth0;reboot and more";
    CHECK_FALSE(launch_command(wanted));
  }

  TEST_CASE("a word that an engine reads as its own is hidden from it") {
    for (const char* engine : {"openmpi", "hydra", "slurm"}) {
      LaunchRequest wanted = request(engine, "");
      wanted.command = {"echo", "a", ":", "b"};
      const Argv argv = made(wanted).argv;
      CHECK(std::find(argv.begin(), argv.end(), ":") == argv.end());
      CHECK(has(argv, {"dtenv", "=echo", "=a", "=:", "=b"}));
    }
  }

  TEST_CASE("torchrun: one argv a node, in the form of its version") {
    const LaunchCommand two = made(request("torchrun", "2.3.0"));
    REQUIRE(two.nodes.size() == 2);
    CHECK(two.nodes[1].argv == Argv{"torchrun", "--nnodes=2", "--nproc-per-node=4", "--node-rank=1",
                                    "--rdzv-backend=static", "--max-restarts=0",
                                    "--master-addr=172.31.32.29", "--master-port=29500", "train.py",
                                    "a b"});
    CHECK(has(made(request("torchrun", "1.8.1")).nodes[0].argv,
              {"python3", "-m", "torch.distributed.launch", "--use_env", "--nnodes=2"}));
    CHECK(has(made(request("torchrun", "1.13.1")).nodes[0].argv,
              {"torchrun", "--nnodes=2", "--nproc_per_node=4"}));
  }

  TEST_CASE("torchrun fills in $ in every word but a program's name: it is given twice") {
    LaunchRequest wanted = request("torchrun", "2.3.0");
    wanted.command = {"./$a", "$$", "${local_rank}"};
    CHECK(has(made(wanted).nodes[0].argv, {"--no-python", "./$a", "$$$$", "$${local_rank}"}));
    wanted.command = {"python", "$a.py"};
    CHECK(has(made(wanted).nodes[0].argv, {"$$a.py"}));
    wanted.engine_version = "1.8.1";
    CHECK(has(made(wanted).nodes[0].argv, {"$a.py"}));
  }

  TEST_CASE("direct: ranks count on over hosts of unequal slots") {
    LaunchRequest wanted = request("direct", "");
    wanted.hosts[1].slots = 2;
    const LaunchCommand command = made(wanted);
    REQUIRE(command.nodes.size() == 2);
    const Environ& env = command.nodes[1].env;
    const auto value = [&](const std::string& name) {
      for (const auto& item : env)
        if (item.first == name) return item.second;
      return std::string();
    };
    CHECK(value("WORLD_SIZE") == "6");
    CHECK(value("DTENV_FIRST_RANK") == "4");
    CHECK(value("LOCAL_WORLD_SIZE") == "2");
    CHECK(rank_hosts(wanted) == Argv{"V100-1", "V100-1", "V100-1", "V100-1", "V100-2", "V100-2"});
  }

  TEST_CASE("Hydra and Slurm") {
    const LaunchCommand hydra = made(request("hydra", "4.0.2"));
    CHECK(has(hydra.argv, {"-localhost", "172.31.32.29", "-launcher", "ssh"}));
    CHECK(file(hydra, "/var/lib/dtenv/job/hostfile") == "V100-1:4\nV100-2:4\n");
    const LaunchCommand slurm = made(request("slurm", ""));
    CHECK(has(slurm.argv, {"srun", "-n", "8", "--distribution=arbitrary", "--kill-on-bad-exit=1",
                           "--export=ALL"}));
    CHECK(file(slurm, "/var/lib/dtenv/job/hostfile").substr(0, 35) ==
          "V100-1\nV100-1\nV100-1\nV100-1\nV100-2\n");
  }

  TEST_CASE("script: the words as they are") {
    const LaunchCommand command = made(request("script", ""));
    CHECK(command.argv == Argv{"python", "train.py", "a b"});
    CHECK(command.files.empty());
  }

  TEST_CASE("what cannot be launched is refused") {
    CHECK_FALSE(launch_command(request("openmp", "")));
    LaunchRequest wanted = request("openmpi", "");
    wanted.ranks = 9;
    CHECK_FALSE(launch_command(wanted));
    wanted = request("script", "");
    wanted.command.clear();
    CHECK_FALSE(launch_command(wanted));
    wanted = request("script", "");
    wanted.hosts[0].name = "-oProxyCommand=x";
    CHECK_FALSE(launch_command(wanted));
    wanted = request("openmpi", "");
    wanted.ssh_config = "/tmp/my config";
    CHECK_FALSE(launch_command(wanted));
    wanted = request("script", "");
    wanted.env = {{"A B", "x"}};
    CHECK_FALSE(launch_command(wanted));
    wanted = request("torchrun", "");
    wanted.hosts[0].slots = 0;
    CHECK_FALSE(launch_command(wanted));
  }
}
