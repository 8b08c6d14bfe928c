#include "formats/hostfile.hpp"

#include <chrono>
#include <string>

#include "base/text.hpp"
#include "formats/hostfile_filter.hpp"
#include "unit/doctest_result.hpp"

using namespace dtenv;

namespace {

std::vector<Problem> problems(std::string_view text,
                              HostfileDialect dialect = HostfileDialect::dtenv) {
  const auto file = parse_hostfile(text, dialect);
  if (file) return {};
  CHECK(file.error().status == Status::config);
  return file.error().detail;
}

std::vector<HostEntry> hosts(std::string_view text) {
  auto file = parse_hostfile(text, HostfileDialect::dtenv);
  REQUIRE(file);
  return file->hosts;
}

std::string upper(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return text;
}

std::string filtered(std::string_view include, std::string_view exclude) {
  const auto kept = filter_hosts(hosts("n1 slots=4\nn2 slots=2\nn3 slots=1\n"), include, exclude);
  if (!kept) return "error: " + kept.error().message;
  std::string text;
  for (const HostSlots& host : *kept) {
    text += (text.empty() ? "" : " ") + host.name + ":";
    for (const auto slot : host.slots) text += std::to_string(slot);
  }
  return text;
}

}  // namespace

TEST_SUITE("hostfile") {
  TEST_CASE("every attribute of dtenv's dialect is read") {
    const auto read = hosts(
        "/* the cluster\n of the lab */ root@V100-1 slots=4 port = 6001 max_slots=8 // the head\n"
        "V100-2:2 user=mpi label.rack=\"r 1\" data_ip=10.0.0.2 # the other\n"
        "[fe80::1] slots=auto\nn[01-03,07] slots=1\n");
    REQUIRE(read.size() == 7);
    CHECK(read[0] == HostEntry{"V100-1", 4, 8, 6001, "root", {}, 2});
    CHECK(read[1] == HostEntry{"V100-2",
                               2,
                               std::nullopt,
                               std::nullopt,
                               "mpi",
                               {{"label.rack", "r 1"}, {"data_ip", "10.0.0.2"}},
                               3});
    CHECK(read[2].name == "fe80::1");
    CHECK_FALSE(read[2].slots);
    CHECK(read[3].name == "n01");
    CHECK(read[6].name == "n07");
  }

  TEST_CASE("all problems of a file are told at once, each with its place and a way out") {
    const auto found =
        problems("V100-1 slot=4\n.....\nV100-2 slots=4x\n\nV100-3\nV100-4 slots=1 Port=2\n");
    REQUIRE(found.size() == 5);
    CHECK(found[0].line == 1);
    CHECK(found[0].column == 8);
    CHECK(found[0].hint == "did you mean \"slots\"?");
    CHECK(found[1].line == 2);
    CHECK(found[2].column == 14);
    CHECK(found[3].line == 5);
    CHECK(found[3].hint.find("slots=auto") != std::string::npos);
    CHECK(found[4].hint == "did you mean \"port\"?");
  }

  TEST_CASE("dtenv's dialect is strict") {
    for (const std::string text : {"n slots=-1\n",
                                   "n slots=\n",
                                   "n slots=99999999999\n",
                                   "n slots=4 max_slots=2\n",
                                   "n slots=4 slots=8\n",
                                   "n:4 slots=4\n",
                                   "n slots=4 junk\n",
                                   "a,b slots=1\n",
                                   "^a slots=1\n",
                                   "+n0 slots=1\n",
                                   "fe80::1 slots=1\n",
                                   "-n slots=1\n",
                                   "n slots=4#x\n",
                                   "slots=4\n",
                                   "n slots=1\nn slots=2\n",
                                   "n port=0 slots=1\n",
                                   "n port=65536 slots=1\n",
                                   "/* n slots=1\n",
                                   "n[3-1] slots=1\n",
                                   "n[1-999999] slots=1\n",
                                   "n slots==4\n",
                                   "n slots=1 label.a=\"x\n",
                                   "n slots=1 data_cidr=10.0.0.1/8\n",
                                   "n slots=1 user=-l\n",
                                   "n slots=\x01\n"}) {
      CAPTURE(text);
      CHECK_FALSE(problems(text).empty());
    }
    CHECK_FALSE(problems(std::string("n\0 slots=1\n", 11)).empty());
    CHECK_FALSE(problems(std::string(70000, ' ') + "n slots=1\n").empty());
  }

  TEST_CASE("a byte order mark and slots=0 are taken and noted") {
    const auto file = parse_hostfile("\xEF\xBB\xBFn slots=0\r\n", HostfileDialect::dtenv);
    REQUIRE(file);
    CHECK(file->hosts.at(0).name == "n");
    CHECK(file->warnings.size() == 2);
  }

  TEST_CASE("what is rendered is read back, in every dialect") {
    const std::vector<HostEntry> written = {{"V100-1", 4, 8, 6001, "root", {}, 1},
                                            {"V100-2", 2, std::nullopt, 6002, "mpi", {}, 2}};
    for (const auto dialect : {HostfileDialect::dtenv, HostfileDialect::openmpi}) {
      const auto text = render_hostfile(written, dialect);
      REQUIRE(text);
      CHECK(text->lost.empty());
      CHECK(parse_hostfile(text->text, dialect)->hosts == written);
    }
    const auto deepspeed = render_hostfile(written, HostfileDialect::deepspeed);
    REQUIRE(deepspeed);
    CHECK(deepspeed->text == "V100-1 slots=4\nV100-2 slots=2\n");
    CHECK(deepspeed->lost == std::vector<std::string>{"max_slots", "port", "user"});
    const auto hydra = render_hostfile(written, HostfileDialect::hydra);
    REQUIRE(hydra);
    CHECK(hydra->text == "V100-1:4 user=root\nV100-2:2 user=mpi\n");
  }

  TEST_CASE("a host that cannot stand in a dialect is named") {
    const auto refused = [](HostEntry host, HostfileDialect dialect) {
      return !render_hostfile({std::move(host)}, dialect).has_value();
    };
    CHECK(refused({"a b", 1, {}, {}, "", {}, 0}, HostfileDialect::dtenv));
    CHECK(refused({"fe80::1", 1, {}, {}, "", {}, 0}, HostfileDialect::deepspeed));
    CHECK(refused({"n", std::nullopt, {}, {}, "", {}, 0}, HostfileDialect::openmpi));
    CHECK(refused({"n", 0, {}, {}, "", {}, 0}, HostfileDialect::hydra));
    CHECK(refused({"n", 1, {}, {}, "", {{"type", "a\nb"}}, 0}, HostfileDialect::dtenv));
    CHECK_FALSE(refused({"n", std::nullopt, {}, {}, "", {}, 0}, HostfileDialect::dtenv));
  }

  TEST_CASE("a duplicate is found wherever it stands, in order or not") {
    for (const std::string order : {"n1 n2 n9 n10 n11", "n9 n1 n10 n2 n11", "b a", "a b c"}) {
      const std::vector<std::string> names = split(order, ' ');
      std::string text;
      for (const std::string& name : names) text += name + " slots=1\n";
      CHECK(hosts(text).size() == names.size());
      for (std::size_t i = 0; i < names.size(); ++i) {
        CAPTURE(order);
        CAPTURE(names[i]);
        for (const std::string& again : {names[i], upper(names[i])}) {
          const auto found = problems(text + again + " slots=2\nz" + order[0] + " slots=1\n");
          REQUIRE(found.size() == 1);
          CHECK(found[0].line == static_cast<int>(names.size()) + 1);
          CHECK(found[0].problem.find("line " + std::to_string(i + 1)) != std::string::npos);
        }
      }
    }
  }

  TEST_CASE("a hundred thousand hosts are read and written in seconds") {
    std::string text;
    for (int i = 0; i < 100000; ++i) text += "node-" + std::to_string(i) + " slots=8\n";
    const auto begin = std::chrono::steady_clock::now();
    for (const auto dialect : {HostfileDialect::deepspeed, HostfileDialect::openmpi}) {
      const auto file = parse_hostfile(text, dialect);
      REQUIRE(file);
      CHECK(render_hostfile(file->hosts, dialect)->text == text);
    }
    CHECK(hosts(text).size() == 100000);
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(30));
    CHECK(problems(text + "one-more slots=1\n").size() == 1);
  }
}

TEST_SUITE("hostfile filter") {
  TEST_CASE("whole hosts and slots are kept, in the hostfile's order") {
    CHECK(filtered("", "") == "n1:0123 n2:01 n3:0");
    CHECK(filtered("n2", "") == "n2:01");
    CHECK(filtered("n2@n1:0,2", "") == "n1:02 n2:01");
    CHECK(filtered("n1:2,0,2", "") == "n1:02");
    CHECK(filtered("n1:0@n1:3", "") == "n1:03");
    CHECK(filtered("n1:1-3", "") == "n1:123");
    CHECK(filtered("n[1-2]", "") == "n1:0123 n2:01");
    CHECK(filtered("", "n1") == "n2:01 n3:0");
    CHECK(filtered("", "n1:0,1@n3:0") == "n1:23 n2:01");
    CHECK(filtered("n1@n2", "n1:0@n2") == "n1:123");
  }

  TEST_CASE("a host or a slot that is not there is an error with its place") {
    CHECK(filtered("n4", "") == "error: include: \"n4\" is not in the hostfile");
    CHECK(filtered("", "n1:4") == "error: exclude: n1 has no slot 4");
    for (const char* filter :
         {"n1:", "n1:a", "n1:-1", "n1:0,", "@n1", "n1@", "n1:0:1", "n1:3-1", " n1"})
      CHECK(filtered(filter, "").substr(0, 6) == "error:");
    const auto kept = filter_hosts(hosts("n1 slots=1\n"), "n1@n2", "");
    REQUIRE_FALSE(kept);
    CHECK(kept.error().detail.at(0).column == 4);
  }
}
