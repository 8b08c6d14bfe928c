#include "formats/docker_run.hpp"

#include <doctest/doctest.h>

#include <boost/json/serialize.hpp>

#include "base/text.hpp"
#include "unit/doctest_result.hpp"

using namespace dtenv;

namespace {

json::value body(std::string_view command) {
  const auto run = parse_docker_run(command);
  REQUIRE(run);
  return json::value(container_create_body(run->spec));
}

std::string at(const json::value& value, std::string_view pointer) {
  boost::system::error_code none;
  const json::value* found = value.find_pointer(pointer, none);
  return found ? json::serialize(*found) : "absent";
}

std::string problem(std::string_view command) {
  const auto run = parse_docker_run(command);
  REQUIRE_FALSE(run);
  CHECK(run.error().status == Status::config);
  CHECK(run.error().detail[0].column > 0);
  return run.error().message + " | " + run.error().detail[0].hint;
}

}  // namespace

TEST_SUITE("docker run") {
  TEST_CASE("the seed's nvidia-docker line") {
    const char* line =
        "nvidia-docker run -id  --hostname=glm_dist16  --network=host --ipc=host --shm-size=16gb "
        "--name=glm_dist16   --gpus '\"device=0,1,2,3\"' -v /data1/docker/containers:/data  "
        "deepspeed/cuda102:1221";
    CHECK(parse_docker_run(line)->name == "glm_dist16");
    const json::value create = body(line);
    CHECK(at(create, "/Image") == "\"deepspeed/cuda102:1221\"");
    CHECK(at(create, "/Hostname") == "\"glm_dist16\"");
    CHECK(at(create, "/OpenStdin") == "true");
    CHECK(at(create, "/AttachStdout") == "false");
    CHECK(at(create, "/StdinOnce") == "false");
    CHECK(at(create, "/HostConfig/NetworkMode") == "\"host\"");
    CHECK(at(create, "/HostConfig/IpcMode") == "\"host\"");
    CHECK(at(create, "/HostConfig/ShmSize") == "17179869184");
    CHECK(at(create, "/HostConfig/Binds") == "[\"/data1/docker/containers:/data\"]");
    CHECK(at(create, "/HostConfig/DeviceRequests") ==
          "[{\"Driver\":\"\",\"Count\":0,\"DeviceIDs\":[\"0\",\"1\",\"2\",\"3\"],"
          "\"Capabilities\":[[\"gpu\"]],\"Options\":{}}]");
    CHECK(at(create, "/HostConfig/Runtime") == "absent");
  }

  TEST_CASE("the seed's plain lines") {
    const json::value web =
        body("docker run -id --name=test -p 80:80 -e TZ=Asia/Shanghai -v /data:/data mysql:5.7");
    CHECK(at(web, "/Env") == "[\"TZ=Asia/Shanghai\"]");
    CHECK(at(web, "/ExposedPorts") == "{\"80/tcp\":{}}");
    CHECK(at(web, "/HostConfig/PortBindings") ==
          "{\"80/tcp\":[{\"HostIp\":\"\",\"HostPort\":\"80\"}]}");
    CHECK(at(web, "/HostConfig/NetworkMode") == "\"default\"");
    const json::value cuda = body(
        "docker run -id --name=test -p 80:80 -e TZ=Asia/Shanghai --shm-size=8gb -v /data:/data "
        "nvidia/cuda:10.1-runtime-ubuntu18.04");
    CHECK(at(cuda, "/HostConfig/ShmSize") == "8589934592");
    CHECK(at(body("nvidia-docker run -id x"), "/HostConfig/Runtime") == "\"nvidia\"");
  }

  TEST_CASE("the seed's templates with blanks in the middle say so") {
    const std::string ports = problem(
        "docker run -id --name=container_name -p Host_port: container_port -e TZ=Asia/Shanghai -v "
        "host_folder: container_folder image:version");
    CHECK(contains(ports, "Host_port:"));
    CHECK(contains(ports, "one word"));
    CHECK(contains(problem("docker run -v host_folder: container_folder image:version"), "blank"));
  }

  TEST_CASE("words, quotes and joined lines as the shell has them") {
    const json::value create =
        body("sudo docker run \\\n  -e 'A=b c' -e \"B=\\\"q\\\"\" img 'a b'c # a comment\n");
    CHECK(at(create, "/Env") == "[\"A=b c\",\"B=\\\"q\\\"\"]");
    CHECK(at(create, "/Cmd") == "[\"a bc\"]");
  }

  TEST_CASE("what the shell would do is refused, with its place") {
    CHECK(contains(problem("docker run -v $PWD:/x img"), "unquoted $"));
    CHECK(contains(problem("docker run img | tee x"), "of the shell"));
    CHECK(contains(problem("docker run img\ndocker ps"), "second command"));
    CHECK(contains(problem("docker run 'img"), "single quote"));
    CHECK(contains(problem("docker pull img"), "not docker run"));
    CHECK(contains(problem("ls -l"), "is not docker"));
  }

  TEST_CASE("unknown options come with the nearest name") {
    CHECK(contains(problem("docker run --shmsize=1g img"), "--shm-size"));
    CHECK(contains(problem("docker run --volum /a:/b img"), "--volume"));
    CHECK(contains(problem("docker run -Z img"), "unknown shorthand flag: 'Z'"));
    CHECK(contains(problem("docker run --env-file x img"), "not read here"));
    CHECK(contains(problem("docker run --gpus device=0,1 img"), "quote the list"));
    CHECK(contains(problem("docker run --name"), "needs an argument"));
    CHECK(contains(problem("docker run --init=maybe img"), "neither true nor false"));
    CHECK(contains(problem("docker run -d"), "no image"));
    CHECK(contains(problem("docker run Foo"), "lowercase"));
    CHECK(contains(problem("docker run -e NAME img"), "no value"));
    CHECK(contains(problem("docker run --shm-size=size img"), "not a size"));
  }

  TEST_CASE("the usual rest") {
    const json::value create = body(
        "docker create --runtime nvidia --ulimit memlock=-1 --ulimit nofile=1024:2048 --device "
        "/dev/infiniband --device nvidia.com/gpu=0 --cap-add IPC_LOCK --privileged --restart "
        "on-failure:3 --init --rm -w /work -u 1000:1000 --entrypoint bash --label a=b --add-host "
        "n1:10.0.0.1 --tmpfs /run:size=64m --security-opt seccomp=unconfined --pid host --memory "
        "2g "
        "--cpus 1.5 --mount type=bind,src=/a,dst=/b,readonly -p 127.0.0.1:8000-8001:80-81/udp -P "
        "-hnode img:1 -c 'echo hi'");
    CHECK(at(create, "/HostConfig/Runtime") == "\"nvidia\"");
    CHECK(at(create, "/HostConfig/Ulimits/0") == "{\"Name\":\"memlock\",\"Soft\":-1,\"Hard\":-1}");
    CHECK(at(create, "/HostConfig/Devices/0/PathInContainer") == "\"/dev/infiniband\"");
    CHECK(at(create, "/HostConfig/DeviceRequests/0/Driver") == "\"cdi\"");
    CHECK(at(create, "/HostConfig/RestartPolicy") ==
          "{\"Name\":\"on-failure\",\"MaximumRetryCount\":3}");
    CHECK(at(create, "/HostConfig/NanoCpus") == "1500000000");
    CHECK(at(create, "/HostConfig/Memory") == "2147483648");
    CHECK(at(create, "/HostConfig/Mounts/0/ReadOnly") == "true");
    CHECK(at(create, "/HostConfig/ExtraHosts") == "[\"n1:10.0.0.1\"]");
    CHECK(at(create, "/HostConfig/PortBindings/81~1udp/0/HostPort") == "\"8001\"");
    CHECK(at(create, "/Entrypoint") == "[\"bash\"]");
    CHECK(at(create, "/Cmd") == "[\"-c\",\"echo hi\"]");
    CHECK(at(create, "/Hostname") == "\"node\"");
    CHECK(at(create, "/User") == "\"1000:1000\"");
  }
}
