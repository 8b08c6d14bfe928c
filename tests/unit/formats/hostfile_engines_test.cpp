// The verdicts of the launchers themselves: DeepSpeed 0.17.5's _parse_hostfile(), mpirun 4.1.4
// --display-allocation --do-not-launch, mpiexec.hydra 4.0.2 -verbose, Intel MPI 2021.19's
// -print-rank-map, each given the text as a file.
#include <string>
#include <vector>

#include "base/text.hpp"
#include "formats/hostfile.hpp"
#include "unit/doctest_result.hpp"

using namespace dtenv;

namespace {

struct Verdict {
  std::string text;
  std::string hosts;  ///< "n1=4 n2=2", or "-" where the launcher refuses
};

std::string shown(std::string_view text, HostfileDialect dialect) {
  const auto file = parse_hostfile(text, dialect);
  if (!file) return "-";
  std::vector<std::string> hosts;
  for (const HostEntry& host : file->hosts)
    hosts.push_back(host.name + "=" + std::to_string(host.slots.value_or(-1)));
  return join(hosts, " ");
}

void check(HostfileDialect dialect, const std::vector<Verdict>& verdicts) {
  for (const Verdict& verdict : verdicts) {
    CAPTURE(visible(verdict.text));
    CHECK(shown(verdict.text, dialect) == verdict.hosts);
  }
}

}  // namespace

TEST_SUITE("hostfiles as the launchers read them") {
  TEST_CASE("DeepSpeed") {
    check(HostfileDialect::deepspeed, {{"n1 slots=4\nn2 slots=2\n", "n1=4 n2=2"},
                                       {"# c\n\nn1 slots=4", "n1=4"},
                                       {"  n1\tslots=4  \r\n", "n1=4"},
                                       {"n1 slots=4\rn2 slots=1\r", "n1=4 n2=1"},
                                       {"n1 slots=4junk\n", "n1=4"},
                                       {"n1 slots=4 # c\n", "n1=4"},
                                       {"n1 slots=4 slots=8\n", "n1=4"},
                                       {"n1 slots=4 port=6001 max_slots=9\n", "n1=4"},
                                       {"n1 slots=0\n", "n1=0"},
                                       {"n1:4 slots=2\n", "n1:4=2"},
                                       {"\xEF\xBB\xBFn1 slots=4\n", "\xEF\xBB\xBFn1=4"},
                                       {"n1\xC2\xA0slots=4\n", "n1=4"},
                                       {"u@n1 slots=4\n", "n1=4"},
                                       {"-n1 slots=4\n", "-n1=4"},
                                       {"n1\n", "-"},
                                       {"n1 slots=\n", "-"},
                                       {"n1 slots=-1\n", "-"},
                                       {"n1 slots = 4\n", "-"},
                                       {"n1 Slots=4\n", "-"},
                                       {"n1 max_slots=4 slots=2\n", "-"},
                                       {"n1 port=22 slots=2\n", "-"},
                                       {"n1 slots=1\nn1 slots=2\n", "-"},
                                       {"// c\nn1 slots=1\n", "-"},
                                       {".....\n", "-"},
                                       {"n1:4\n", "-"},
                                       {"", "-"},
                                       {"# only\n", "-"},
                                       {"n1 slots=\xff\n", "-"}});
  }

  TEST_CASE("Open MPI: hosts and counts") {
    check(HostfileDialect::openmpi,
          {{"n1 slots=4\nn2 slots=2\n", "n1=4 n2=2"},
           {"# c\n// c\n/* a\n b */n1 slots=4 // y\n", "n1=4"},
           {"n1 slots=4#x\n", "n1=4"},
           {"n1 slots = 4\n", "n1=4"},
           {"n1\vslots=4", "n1=4"},
           {"n1\n", "n1=1"},
           {"n1\nn1\n", "n1=2"},
           {"n1 slots=4\nn1\n", "n1=5"},
           {"n1 cpu=4\nn2 count=0\n", "n1=4 n2=0"},
           {"n1 slots=04\n", "n1=4"},
           {"n1 slots=99999999999\n", "n1=1215752191"},
           {"n1 max_slots=8\n", "n1=8"},
           {"n1 slots=4\nn1 max_slots=9\n", "n1=5"},
           {"n1 max_slots=4 slots=8\n", "n1=8"},
           {"n1 slots=2 slots_max=4\nn2 slots=2 max-count=4\n", "n1=2 n2=2"},
           {"n1 slots=4 junk\nn2 n3\nn4 4\n", "n1=4 n2=1 n4=1"},
           {"n1 : 4\n", "n1=1"},
           {"n1:4\n", "n1:4=1"},
           {"n1,n2 slots=4\n", "n1,n2=4"},
           {"n* slots=4\n-n1 slots=4\n123 slots=1\n", "n*=4 -n1=4 123=1"},
           {"10.0.0.1 slots=4\nfe80::1 slots=4\n", "10.0.0.1=4 fe80::1=4"},
           {"a-b.c-d slots=2\n1a.b slots=2\n10.0.0.256 slots=2\n", "a-b.c-d=2 1a.b=2 10.0.0.256=2"},
           {"n1. slots=2\n_n slots=2\n", "n1.=2 _n=2"},
           {"u@n1 slots=4\nu@n2.b slots=1\nu@ slots=2\n@n3 slots=2\n", "n1=4 n2.b=1 u=2 n3=2"},
           {"n1 username=u slots=4\nn2 user-name=5\nn3 user_name=a.b\n", "n1=4 n2=1 n3=1"},
           {"n1 port=6001 slots=4\nn2 slots=1 port=99999\n", "n1=4 n2=1"},
           {"rank 0=n1 slot=1\nrank 1=n1 slot=2\n", "n1=2"},
           {"N1 slots=2\nn1 slots=1\n", "N1=2 n1=1"}});
  }

  TEST_CASE("Open MPI: refused") {
    for (const std::string text : {"n1 SLOTS=4\n",
                                   "n1 Slots=4\n",
                                   "n1 cpus=4\n",
                                   "n1 slot=4\n",
                                   "n1 slots=\n",
                                   "n1 slots=-1\n",
                                   "n1 slots=4x\n",
                                   "n1 slots=+4\n",
                                   "n1 slots=4.5\n",
                                   "n1 slots=0x4\n",
                                   "n1 slots=\"4\"\n",
                                   "n1 slots=auto\n",
                                   "n1 slots 4\n",
                                   "n1 slots=3000000000\n",
                                   "n1 slots=4 max_slots=2\n",
                                   "n1 slots=2 max_slots=0\n",
                                   "n1 slots=4 slots=8\n",
                                   "n1 cpu=2 slots=3\n",
                                   "n1 slots=4\nn1 slots=2\n",
                                   "n1\nn2\nn1 slots=3\n",
                                   "n1 slots=4\r\n",
                                   "n1\r",
                                   "n1\\\n",
                                   "\xEF\xBB\xBFn1 slots=4\n",
                                   "n1\x01 slots=4\n",
                                   "n1 boards=1\n",
                                   "n1 sockets=2 slots=4\n",
                                   "n1 cores=2\n",
                                   "n1 cpu_set=0\n",
                                   "n1 user=u slots=4\n",
                                   "n1 type=A\n",
                                   "n1 slots=4 a.b\n",
                                   "n1 slots=4 1.2.3.4\n",
                                   "n1 port=x\n",
                                   "n1 =4\n",
                                   "slots=4\n",
                                   "port slots=2\n",
                                   "count\n",
                                   "\"n1\" slots=4\n",
                                   "n1;x slots=4\n",
                                   "[fe80::1] slots=4\n",
                                   "n[1-2] slots=2\n",
                                   "n%1\n",
                                   "a/b slots=2\n",
                                   "~\n",
                                   "nü slots=4\n",
                                   ".....\n",
                                   "+n0\n",
                                   "+e:2\n",
                                   "^n1 slots=4\n",
                                   "a@b@c slots=4\n",
                                   "n1 slots=4\n# end",
                                   "n1 slots=4 # end",
                                   "n1 slots=2\n// end",
                                   "",
                                   "# x\n",
                                   "/* a\nn1 slots=4\n",
                                   "n1 /* x */ slots=4\n",
                                   "n1 slots=4 /* x */ max_slots=5\n"}) {
      CAPTURE(visible(text));
      CHECK(shown(text, HostfileDialect::openmpi) == "-");
    }
    CHECK(shown(std::string("n1\0 slots=4\n", 12), HostfileDialect::openmpi) == "-");
    CHECK(shown(std::string(300, 'n') + " slots=2\n", HostfileDialect::openmpi) == "-");
  }

  TEST_CASE("Hydra") {
    check(HostfileDialect::hydra, {{"n1:4\nn2:2\n", "n1=4 n2=2"},
                                   {"n1\n", "n1=1"},
                                   {"# c\n\n\tn1:4 # c\nn2:1#c\r\n", "n1=4 n2=1"},
                                   {"n1:1\nn1:2\n", "n1=3"},
                                   {"n1:1\nn2:1\nn1:1\n", "n1=1 n2=1 n1=1"},
                                   {"n1:4x\n", "n1=4"},
                                   {"n1:+3\n", "n1=3"},
                                   {"n1::4\n", "n1=4"},
                                   {":4\n", "4=1"},
                                   {"n1:4:8\n", "n1=4"},
                                   {"n1:\n", "n1=1"},
                                   {"n1:4294967298\n", "n1=2"},
                                   {"n1:4 user=u\nn2:4\tbinding=user:1,2\n", "n1=4 n2=4"},
                                   {"slots=4\n", "slots=4=1"},
                                   {".....\n", ".....=1"},
                                   {"", ""},
                                   {"# x\n", ""},
                                   {"n1 slots=4\n", "-"},
                                   {"n1:0\n", "-"},
                                   {"n1:x\n", "-"},
                                   {"n1:0\nn2:1\n", "-"},
                                   {"n1 : 4\n", "-"},
                                   {"n1: 3\n", "-"},
                                   {"n1:4 n2:4\n", "-"},
                                   {"n1:4 foo=1\n", "-"},
                                   {"n1:4 ifname=eth0\n", "-"},
                                   {"n1:4 user=\n", "-"},
                                   {"n1:1 user=u user=v\n", "-"},
                                   {"n1 binding=a binding=b\n", "-"},
                                   {"n1:1\rn2:1\n", "-"},
                                   {"n1:1 =\n", "-"},
                                   {"// c\nn1:4\n", "-"}});
  }

  TEST_CASE("Intel MPI, where it is not as MPICH's Hydra") {
    check(HostfileDialect::intelmpi, {{"n1:4\nn2:2\n", "n1=4 n2=2"},
                                      {"n1:0\nn2:3\n", "n2=3"},
                                      {"n1:x\n", ""},
                                      {"n1:4:8\n", "n1:4:8=1"},
                                      {"n1::4\n", "n1::4=1"},
                                      {"[fe80::1]:3\nn2\n", "[fe80::1]:3=1 n2=1"},
                                      {"n1:4 user=a user=b\n", "n1=4"},
                                      {"A@n1:1\na@n1:2\n", "n1=1 n1=2"},
                                      {"n1:2 binding=x\n", "-"},
                                      {"n1:4 user=\n", "-"},
                                      {"\"n1\"x:3\nn2\n", "n1x=3 n2=1"},
                                      {"\"n 1:2\nn2\n", "n2=1"},
                                      {"\"\"\nn2\n", "-"},
                                      {"n1:-2\nn2:1\n", "-"},
                                      {"n1 slots=4\n", "-"}});
    const auto rendered = render_hostfile({{"n1", 4}}, HostfileDialect::intelmpi);
    REQUIRE(rendered);
    CHECK(rendered->text == "n1:4\n");
    CHECK_FALSE(render_hostfile({{"n1", 0}}, HostfileDialect::intelmpi));
  }

  TEST_CASE("what a launcher takes otherwise than it reads is said") {
    const auto warned = [](std::string_view text, HostfileDialect dialect) {
      const auto file = parse_hostfile(text, dialect);
      REQUIRE(file);
      return file->warnings.size() == 1 && file->warnings[0].line == 1;
    };
    CHECK(warned("n1 slots=4junk\n", HostfileDialect::deepspeed));
    CHECK(warned("n1 slots=4 port=6001\n", HostfileDialect::deepspeed));
    CHECK(warned("n1,n2 slots=4\n", HostfileDialect::openmpi));
    CHECK(warned("n1 slots=4 junk\n", HostfileDialect::openmpi));
    CHECK(warned("n1:4x\n", HostfileDialect::hydra));
  }
}
