#include "formats/host_name.hpp"

#include <string>

#include "unit/doctest_result.hpp"

using namespace dtenv;

TEST_SUITE("host names") {
  TEST_CASE("names, aliases and canonical addresses are taken") {
    for (const char* name : {"V100-1", "n1.example.com", "glm_dist16", "10.0.0.1", "172.31.32.29",
                             "::1", "fe80::1", "xn--mnchen-3ya", "a", "1a", "n-1.b", "127.0.0.1"}) {
      CAPTURE(name);
      CHECK_FALSE(host_name_problem(name));
    }
  }

  TEST_CASE("what ssh, a resolver or a line of a file would take otherwise is refused") {
    for (const std::string name : {"-oProxyCommand=touch /tmp/x",
                                   "a b",
                                   "a\tb",
                                   "a\nb",
                                   "a\r",
                                   "a\x1b[2J",
                                   "",
                                   ".",
                                   ".....",
                                   "a..b",
                                   "a.",
                                   ".a",
                                   "münchen",
                                   "n1;x",
                                   "$(x)",
                                   "n1,n2",
                                   "^n1",
                                   "+n0",
                                   "[::1]",
                                   "a:b",
                                   "1.2.3",
                                   "010.0.0.1",
                                   "0x7f.1",
                                   "2130706433",
                                   "256.1.1.1",
                                   "1.2.3.4.5",
                                   "224.0.0.1",
                                   "255.255.255.255",
                                   "ff02::1",
                                   "fe80::1%eth0",
                                   "a.-b",
                                   "a-.b",
                                   "n[1-2]",
                                   "::ffff:300.1.1.1"}) {
      CAPTURE(name);
      CHECK(host_name_problem(name));
    }
    CHECK(host_name_problem(std::string("a\0b", 3)));
    CHECK(host_name_problem(std::string(254, 'a')));
    CHECK(host_name_problem(std::string(64, 'a')));
    CHECK_FALSE(host_name_problem(std::string(63, 'a')));
  }

  TEST_CASE("users and ports are read strictly") {
    for (const char* user : {"root", "_apt", "mpi-user", "u1"})
      CHECK_FALSE(user_name_problem(user));
    for (const char* user : {"", "root; rm", "-l", "a:b", "1a", "Root", "a\x07"})
      CHECK(user_name_problem(user));
    CHECK(user_name_problem(std::string(33, 'a')));
    CHECK(parse_port("6001") == 6001);
    for (const char* port :
         {"", "0", "-1", "65536", "4294967318", "22 ", " 22", "0x16", "+22", "22.0", "022", "٢٢"})
      CHECK_FALSE(parse_port(port));
  }

  TEST_CASE("a loopback address is known as one") {
    for (const char* name :
         {"localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "0.0.0.0", "::1", "::"})
      CHECK(is_loopback(name));
    for (const char* name : {"10.0.0.1", "n1", "fe80::1", "localhost1"})
      CHECK_FALSE(is_loopback(name));
  }

  TEST_CASE("a network's length and host bits are looked at") {
    for (const char* text : {"10.0.0.0/8", "10.0.0.1", "10.0.0.1/32", "0.0.0.0/0", "fe80::/10"})
      CHECK_FALSE(cidr_problem(text));
    for (const char* text :
         {"10.0.0.0/33", "10.0.0.1/8", "!10.0.0.0/8", "10.0.0.0/", "x/8", "fe80::1/10"})
      CHECK(cidr_problem(text));
  }
}
