#include "unit/steps/key_testing.hpp"

#include <boost/json.hpp>

#include "base/text.hpp"
#include "formats/managed_block.hpp"

using namespace dtenv;

TEST_SUITE("KeyExchange") {
  const KeyExchange::Config config = config_of<KeyExchange>(R"({"key": "ed25519"})");
  const std::vector<Node> nodes = two_nodes();

  TEST_CASE("on a bare machine the plan has both halves, and the same words each time") {
    const auto cluster = cluster_of(nodes, Two{bare(), bare()});
    const auto plan = KeyExchange::plan(config, cluster);
    REQUIRE(plan);
    CHECK(brief(*plan).rfind("V100-1 create glm:user key, V100-1 create glm:host key, "
                             "V100-1 create glm:sshd_config, V100-1 run glm:sshd, "
                             "V100-1 create glm:authorized_keys, V100-1 create glm:known_hosts, "
                             "V100-1 create glm:ssh_config, V100-2 create glm:user key",
                             0) == 0);
    CHECK(plan->changes[3].stage == 0);
    CHECK(plan->changes[4].stage == 2);
    CHECK(plan->changes[4].after == "the public keys of V100-1, V100-2");
  }

  TEST_CASE("what the second round plans stood in the first plan") {
    const auto first = KeyExchange::plan(config, cluster_of(nodes, Two{bare(), bare()}));
    Two later = {with_keys(nodes[0], 'a'), with_keys(nodes[1], 'm')};
    const Two done = converged(config, nodes);
    for (std::size_t i = 0; i < 2; ++i)
      later[i].files["sshd_config"] = done[i].files.at("sshd_config");
    const auto second = KeyExchange::plan(config, cluster_of(nodes, later));
    REQUIRE(second);
    REQUIRE(second->changes.size() == 6);
    for (const Change& change : second->changes) {
      CAPTURE(change.resource);
      bool shown = false;
      for (const Change& earlier : first->changes)
        shown = shown || (earlier.node == change.node && earlier.resource == change.resource &&
                          earlier.after == change.after && earlier.action == change.action);
      CHECK(shown);
    }
  }

  TEST_CASE("each container gets all public keys, pinned host keys and each node's port") {
    const Two done = converged(config, nodes);
    const std::string authorized = done[0].files.at("authorized_keys").text;
    CHECK(authorized.find("restrict,pty " + ed25519('a') + " dtenv-glm-V100-1.g1\n") !=
          std::string::npos);
    CHECK(authorized.find(ed25519('m')) != std::string::npos);
    CHECK(done[1].files.at("known_hosts").text == "V100-1,[172.31.32.29]:6001 " + ed25519('b') +
                                                      "\nV100-2,[172.31.32.40]:6002 " +
                                                      ed25519('n') + "\n");
    const std::string ssh = done[0].files.at("ssh_config").text;
    CHECK(ssh.find("Host V100-2\n    Hostname 172.31.32.40\n    Port 6002\n") != std::string::npos);
    const std::string sshd = done[1].files.at("sshd_config").text;
    CHECK(sshd.find("Port 6002\nListenAddress 172.31.32.40\n") != std::string::npos);
    CHECK(sshd.find("SetEnv PATH=/opt/conda/bin:/usr/bin\n") != std::string::npos);
  }

  TEST_CASE("a second apply finds nothing to do") {
    const auto plan = KeyExchange::plan(config, cluster_of(nodes, converged(config, nodes)));
    REQUIRE(plan);
    CHECK(plan->changes.empty());
    CHECK(plan->failures.empty());
    CHECK(plan->notes.empty());
  }

  TEST_CASE("of large files what is ours is not needed to see that nothing is to do") {
    Two facts = converged(config, nodes);
    for (KeyExchange::Facts& each : facts) {
      for (const char* role : {"authorized_keys", "ssh_config"}) {
        KeyExchange::File& file = each.files[role];
        const std::string text = "theirs\n" + file.text;
        const ManagedText hollow = hollow_block(
            role == std::string("ssh_config") ? file.text + "theirs\n" : text, key_block_tag);
        REQUIRE(hollow.hollow);
        file.text = hollow.text;
        file.hollow = true;
      }
      KeyExchange::File& known = each.files["known_hosts"];
      known.sha256 = sha256(known.text);
      known.text.clear();
    }
    auto plan = KeyExchange::plan(config, cluster_of(nodes, facts));
    REQUIRE(plan);
    CHECK(plan->changes.empty());
    facts[1].files["host_key"].text = ed25519('x') + " dtenv-glm-V100-2.g1\n";
    facts[1].files["user_key"].text = ed25519('y') + " dtenv-glm-V100-2.g1\n";
    plan = KeyExchange::plan(config, cluster_of(nodes, facts));
    REQUIRE(plan);
    REQUIRE(brief(*plan) ==
            "V100-1 create glm:authorized_keys, V100-1 create glm:known_hosts, "
            "V100-2 create glm:authorized_keys, V100-2 create glm:known_hosts");
    CHECK(starts_with(written(plan->changes[0]), "theirs\n# dtenv:key_exchange begin"));
    CHECK(contains(written(plan->changes[0]), ed25519('y')));
    CHECK(contains(written(plan->changes[1]), ed25519('x')));
    CHECK(plan->changes[0].common == plan->changes[2].common);
  }

  TEST_CASE("the files of ~/.ssh go together, and nothing else with them") {
    const auto plan = KeyExchange::plan(config, cluster_of(nodes, Two{bare(), bare()}));
    REQUIRE(plan);
    const std::span<const Change> changes = plan->changes;
    CHECK(KeyExchange::together(changes.first(7)) == 1);
    CHECK(KeyExchange::together(changes.subspan(4, 3)) == 3);
  }

  TEST_CASE("sshd that went with a container's restart is started again") {
    Two facts = converged(config, nodes);
    facts[1].sshd_running = false;
    const auto plan = KeyExchange::plan(config, cluster_of(nodes, facts));
    REQUIRE(plan);
    CHECK(brief(*plan) == "V100-2 run glm:sshd");
  }

  TEST_CASE("a login that fails is told with its cause, on the machine it comes from") {
    Two facts = converged(config, nodes);
    facts[0].logins["V100-2"] = "refused: no sshd answers there (Connection refused)";
    const auto plan = KeyExchange::plan(config, cluster_of(nodes, facts));
    REQUIRE(plan);
    CHECK(plan->changes.empty());
    REQUIRE(plan->failures.size() == 1);
    CHECK(plan->failures.at("V100-1").status == Status::verify);
    CHECK(plan->failures.at("V100-1").message.find("V100-1 → V100-2: refused") !=
          std::string::npos);
  }

  TEST_CASE("foreign lines stay, a block edited by hand is not overwritten") {
    Two facts = converged(config, nodes);
    facts[0].files["authorized_keys"].text =
        "ssh-rsa AAAA friend\n" + facts[0].files["authorized_keys"].text;
    auto plan = KeyExchange::plan(config, cluster_of(nodes, facts));
    REQUIRE(plan);
    CHECK(plan->changes.empty());
    std::string& text = facts[0].files["authorized_keys"].text;
    text.replace(text.find("restrict,pty"), 8, "command=");
    plan = KeyExchange::plan(config, cluster_of(nodes, facts));
    REQUIRE(plan);
    CHECK(plan->changes.empty());
    CHECK(plan->failures.at("V100-1").message.find("glm:/root/.ssh/authorized_keys: the block") ==
          0);
  }

  TEST_CASE("an image without sshd fails its machine alone") {
    Two facts = {bare(), bare()};
    facts[1].missing = "sshd";
    const auto plan = KeyExchange::plan(config, cluster_of(nodes, facts));
    REQUIRE(plan);
    CHECK(plan->failures.count("V100-1") == 0);
    CHECK(plan->failures.at("V100-2").message.find("has no sshd") != std::string::npos);
  }

  TEST_CASE("another kind of key is made anew; open modes are mended") {
    const auto rsa = config_of<KeyExchange>(R"({"key": "rsa", "rsa_bits": 4096})");
    auto plan = KeyExchange::plan(rsa, cluster_of(nodes, converged(config, nodes)));
    REQUIRE(plan);
    CHECK(brief(*plan).rfind("V100-1 create glm:user key", 0) == 0);
    Two facts = converged(config, nodes);
    facts[0].files["authorized_keys"].mode = "666";
    plan = KeyExchange::plan(config, cluster_of(nodes, facts));
    REQUIRE(plan);
    CHECK(brief(*plan) == "V100-1 create glm:authorized_keys");
  }

  TEST_CASE("no private key and no environment value is in a plan or a report") {
    Two facts = {with_keys(nodes[0], 'a'), with_keys(nodes[1], 'm')};
    facts[0].env.emplace_back("TOKEN", "s3cret");
    const auto plan = KeyExchange::plan(config, cluster_of(nodes, facts));
    REQUIRE(plan);
    for (const Change& change : plan->changes)
      CHECK((change.before + change.after + change.reason).find("s3cret") == std::string::npos);
    CHECK(json::serialize(KeyExchange::describe(facts[0])).find("s3cret") == std::string::npos);
  }

  TEST_CASE("in a star the first node alone has a key, and the others take no other") {
    const auto star = config_of<KeyExchange>(R"({"trust": "star"})");
    const auto plan = KeyExchange::plan(star, cluster_of(nodes, converged(config, nodes)));
    REQUIRE(plan);
    CHECK(brief(*plan) ==
          "V100-1 create glm:authorized_keys, V100-2 remove glm:user key, "
          "V100-2 create glm:authorized_keys");
    CHECK(contains(written(plan->changes[0]), ed25519('a')));
    CHECK_FALSE(contains(written(plan->changes[0]), ed25519('m')));
    CHECK(plan->changes[0].reason == "no longer wanted: dtenv-glm-V100-2.g1");
  }

  TEST_CASE("another generation makes every key anew") {
    const auto second = config_of<KeyExchange>(R"({"generation": 2})");
    const auto plan = KeyExchange::plan(second, cluster_of(nodes, converged(config, nodes)));
    REQUIRE(plan);
    CHECK(brief(*plan).rfind("V100-1 create glm:user key, V100-1 create glm:host key, "
                             "V100-1 restart glm:sshd",
                             0) == 0);
    CHECK(plan->changes[0].reason == "the key there is of another generation");
  }

  TEST_CASE("a host key that changed is named") {
    Two facts = converged(config, nodes);
    facts[1].files["host_key"].text = ed25519('x') + " dtenv-glm-V100-2.g1\n";
    const auto plan = KeyExchange::plan(config, cluster_of(nodes, facts));
    REQUIRE(plan);
    REQUIRE(brief(*plan) == "V100-1 create glm:known_hosts, V100-2 create glm:known_hosts");
    CHECK(plan->changes[0].reason == "the host key changed: V100-2");
  }

  TEST_CASE("an old sshd gets no option and no line it does not know") {
    Two facts = {with_keys(nodes[0], 'a'), with_keys(nodes[1], 'm')};
    facts[0].openssh = 606;
    const auto cluster = cluster_of(nodes, facts);
    const auto wanted = KeyFiles(config, cluster).wanted(nodes[0], facts[0]);
    REQUIRE(wanted);
    CHECK_FALSE(contains(*wanted->authorized_keys.common, "restrict"));
    CHECK(contains(*wanted->authorized_keys.common, "no-port-forwarding"));
    CHECK(wanted->sshd_config.find("SetEnv") == std::string::npos);
    CHECK(wanted->sshd_config.find("PermitUserEnvironment yes\n") != std::string::npos);
    REQUIRE(wanted->environment);
    CHECK(wanted->environment->find("\nPATH=/opt/conda/bin:/usr/bin\n") != std::string::npos);
  }

  TEST_CASE("between machines the sshd that is there is used, under its user and port") {
    const auto machines =
        config_of<KeyExchange>(R"({"where": "machine", "from": "172.31.0.0/16"})");
    Two facts = {with_keys(nodes[0], 'a'), with_keys(nodes[1], 'm')};
    facts[1].user = "train";
    facts[1].port = 2222;
    const auto plan = KeyExchange::plan(machines, cluster_of(nodes, facts));
    REQUIRE(plan);
    CHECK(brief(*plan).find("sshd") == std::string::npos);
    const auto cluster = cluster_of(nodes, facts);
    const auto wanted = KeyFiles(machines, cluster).wanted(nodes[0], facts[0]);
    REQUIRE(wanted);
    CHECK(contains(*wanted->ssh_config->common, "Port 2222\n    User train\n"));
    CHECK(contains(*wanted->known_hosts->common, "V100-2,[172.31.32.40]:2222 "));
    CHECK(contains(*wanted->authorized_keys.common, "from=\"172.31.0.0/16\" ssh-ed25519"));
  }

  TEST_CASE("an account that sshd refuses is opened for keys") {
    Two facts = converged(config, nodes);
    facts[1].locked = true;
    const auto plan = KeyExchange::plan(config, cluster_of(nodes, facts));
    REQUIRE(plan);
    CHECK(brief(*plan) == "V100-2 create glm:account");
  }

  TEST_CASE("where a login differs from docker exec is said") {
    Two facts = converged(config, nodes);
    facts[0].parity = {"a login lacks LD_LIBRARY_PATH"};
    const auto plan = KeyExchange::plan(config, cluster_of(nodes, facts));
    REQUIRE(plan);
    REQUIRE(plan->notes.size() == 1);
    CHECK(plan->notes[0].text == "a login lacks LD_LIBRARY_PATH");
  }

  TEST_CASE("unknown words are problems") {
    CHECK(problems_of<KeyExchange>(R"({"key": "dsa"})").find("/key") != std::string::npos);
    CHECK(problems_of<KeyExchange>(R"({"trust": "all"})").find("/trust") != std::string::npos);
    CHECK(problems_of<KeyExchange>(R"({"validity": "1m"})").find("/validity") != std::string::npos);
    CHECK(problems_of<KeyExchange>(R"({"from": "10.0.0.1/8"})").find("/from") != std::string::npos);
    CHECK(
        problems_of<KeyExchange>(R"({"where": "machine", "container": "x"})").find("/container") !=
        std::string::npos);
    CHECK(problems_of<KeyExchange>(R"({"key": "rsa", "rsa_bits": 1024})").find("/rsa_bits") !=
          std::string::npos);
    CHECK(problems_of<KeyExchange>(R"({"listen": "eth0"})").find("/listen") != std::string::npos);
  }
}
