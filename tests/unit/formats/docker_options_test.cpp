#include <doctest/doctest.h>

#include "base/text.hpp"
#include "formats/daemon_flags.hpp"
#include "formats/gpus_option.hpp"
#include "formats/image_reference.hpp"
#include "formats/port_option.hpp"
#include "formats/volume_option.hpp"
#include "unit/doctest_result.hpp"

using namespace dtenv;

TEST_SUITE("gpus option") {
  TEST_CASE("what docker takes") {
    CHECK(parse_gpus("all")->count == -1);
    CHECK(parse_gpus("2")->count == 2);
    CHECK(parse_gpus("count=2,driver=nvidia")->driver == "nvidia");
    CHECK(parse_gpus("capabilities=compute")->count == 1);
    CHECK(parse_gpus("\"capabilities=compute,utility\"")->capabilities ==
          std::vector<std::string>{"compute", "utility", "gpu"});
    CHECK(parse_gpus("\"device=0,1,2,3\"")->device_ids ==
          std::vector<std::string>{"0", "1", "2", "3"});
    CHECK(parse_gpus("device=GPU-5")->count == 0);
  }

  TEST_CASE("the unquoted list is told apart, and our documents need no quotes") {
    const auto trap = parse_gpus("device=0,1");
    REQUIRE_FALSE(trap);
    CHECK(contains(trap.error().message, "cannot set both Count and DeviceIDs"));
    CHECK(parse_gpus_of_document("device=0,1")->device_ids.size() == 2);
    CHECK(parse_gpus_of_document("\"device=0,1\"")->device_ids.size() == 2);
  }

  TEST_CASE("what docker refuses") {
    for (const char* value :
         {"", "none", "-2", "devices=0", "all,2", "count=1,device=0", "\"all", "a\"b", "device="}) {
      CAPTURE(value);
      CHECK_FALSE(parse_gpus(value));
    }
  }
}

TEST_SUITE("port option") {
  TEST_CASE("every form") {
    CHECK(parse_port_option("80:80")->at(0).host_port == "80");
    CHECK(parse_port_option("80")->at(0).host_port.empty());
    CHECK(parse_port_option("127.0.0.1::53/UDP")->at(0).container == "53/udp");
    CHECK(parse_port_option("[::1]:80:90")->at(0).host_ip == "::1");
    CHECK(parse_port_option("8000-8010:80")->at(0).host_port == "8000-8010");
    const auto range = parse_port_option("1000-1002:2000-2002");
    REQUIRE(range->size() == 3);
    CHECK(range->at(2).container == "2002/tcp");
    CHECK(range->at(2).host_port == "1002");
  }

  TEST_CASE("what is no port") {
    for (const char* value :
         {"", "0", "65536", "99999/tcp", "80:", "a:80", "80:a", "1-3:4-5", "5-3:5-3", "80/icmp",
          "300.1.1.1:80:80", "::1:80:80", "Host_port: container_port", "+80", "0x50", " 80",
          "1:2:3:4", "[::1:80:80"}) {
      CAPTURE(value);
      CHECK_FALSE(parse_port_option(value));
    }
  }
}

TEST_SUITE("volume option") {
  TEST_CASE("folders, named volumes, and targets alone") {
    CHECK(parse_volume("/data1/docker/containers:/data")->source == "/data1/docker/containers");
    CHECK(parse_volume("/a:/b:ro,rshared,z")->read_only);
    CHECK(parse_volume("/a:/b:ro,rshared,z")->propagation == "rshared");
    CHECK(parse_volume("data:/b")->kind == VolumeOption::Kind::named);
    CHECK(parse_volume("/b")->kind == VolumeOption::Kind::anonymous);
  }

  TEST_CASE("what is refused") {
    for (const char* value : {"", "data", "/a:", ":/b", "/a:b", "/a:/", "/a:/b:rx", "./a:/b",
                              "a/b:/c", "/a:/b:ro:z", "host_folder: container_folder"}) {
      CAPTURE(value);
      CHECK_FALSE(parse_volume(value));
    }
  }
}

TEST_SUITE("image reference") {
  TEST_CASE("names are made whole") {
    CHECK(parse_image_reference("mysql:5.7")->full() == "docker.io/library/mysql:5.7");
    CHECK(parse_image_reference("deepspeed/cuda102")->full() ==
          "docker.io/deepspeed/cuda102:latest");
    CHECK(parse_image_reference("index.docker.io/a/b")->full() == "docker.io/a/b:latest");
    CHECK(parse_image_reference("localhost/x")->domain == "localhost");
    CHECK(parse_image_reference("r.example.com:5000/a/b_c.d--e:T1")->familiar() ==
          "r.example.com:5000/a/b_c.d--e:T1");
    CHECK(parse_image_reference("docker.io/library/x:1")->familiar() == "x:1");
    const std::string digest = "sha256:" + std::string(64, 'a');
    CHECK(parse_image_reference("x@" + digest)->full() == "docker.io/library/x@" + digest);
  }

  TEST_CASE("what is no image's name") {
    for (const std::string value :
         {"", "Foo:x", "host:99999/x", "host:/x", "http://host/x", "a//b", "a/../b", "a:", "a:-x",
          "a b", "a\n", "/a", "a/", "a___b", "x@sha256:123", "x@md5:1", "-a"}) {
      CAPTURE(value);
      CHECK_FALSE(parse_image_reference(value));
    }
    CHECK_FALSE(parse_image_reference(std::string(64, 'a')));
    CHECK_FALSE(parse_image_reference("x@sha256:" + std::string(63, 'a')));
    CHECK_FALSE(parse_image_reference("x@sha256:" + std::string(64, 'A')));
    CHECK(contains(parse_image_reference("Foo:x").error().message, "must be lowercase"));
  }
}

TEST_SUITE("dockerd's flags") {
  TEST_CASE("flags by configuration key") {
    const auto flags = parse_daemon_flags(
        {"/usr/sbin/dockerd", "-H", "fd://", "--containerd=/run/c.sock", "-D", "--label", "a=b",
         "--config-file", "/x.json", "--insecure-registry=r:5000", "-H=tcp://0.0.0.0:1"});
    CHECK(flags.at("hosts") == std::vector<std::string>{"fd://", "tcp://0.0.0.0:1"});
    CHECK(flags.at("debug") == std::vector<std::string>{"true"});
    CHECK(flags.at("labels") == std::vector<std::string>{"a=b"});
    CHECK(flags.at("insecure-registries").size() == 1);
    CHECK(config_file_flag({"dockerd", "--config-file=/y.json"}) == "/y.json");
    CHECK_FALSE(config_file_flag({"dockerd"}));
  }

  TEST_CASE("a unit's line with its environment file") {
    const auto environment =
        parse_environment_file("# x\nDOCKER_OPTS=\"--dns 8.8.8.8 --debug\"\nNAME=v\n");
    CHECK(expand_exec_start("/usr/sbin/dockerd -H fd:// $DOCKER_OPTS ${NAME} $NONE", environment) ==
          Argv{"/usr/sbin/dockerd", "-H", "fd://", "--dns", "8.8.8.8", "--debug", "v"});
  }
}
