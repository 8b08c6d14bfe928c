#include "formats/mpi_output.hpp"

#include "unit/doctest_result.hpp"

using namespace dtenv;

TEST_SUITE("mpi_output") {
  TEST_CASE("a tagged line gives rank, stream and text") {
    const auto line = parse_tagged_line("[1,12]<stderr>:a: b");
    REQUIRE(line);
    CHECK(line->rank == 12);
    CHECK(line->error);
    CHECK(line->text == "a: b");
    CHECK(parse_tagged_line("[1,0]<stdout>:")->text.empty());
  }

  TEST_CASE("the launcher's own lines and look-alikes are not a rank's") {
    for (const char* text : {"", "[n1:1234] [[1,0],0] ORTE", "[1,x]<stdout>:a", "[1,0]<stdbug>:a",
                             "[1,0]", "plain", "[,]<stdout>:"})
      CHECK_MESSAGE(!parse_tagged_line(text), text);
  }

  TEST_CASE("the mark of a failed rank is told from what ranks print") {
    CHECK(is_failure_mark("[1,12]<failed>:137"));
    for (const char* text :
         {"", "[1,12]<stdout>:[1,12]<failed>:3", "[1,x]<failed>:3", "[1,]<failed>:3"})
      CHECK_MESSAGE(!is_failure_mark(text), text);
  }

  TEST_CASE("the first failure is the one Open MPI names") {
    const auto exited = parse_first_failure(
        "----\nmpirun detected that one or more processes exited with non-zero status, thus "
        "causing\n"
        "the job to be terminated. The first process to do so was:\n\n"
        "  Process name: [[39277,1],1]\n  Exit code:    3\n----\n");
    REQUIRE(exited);
    CHECK(exited->rank == 1);
    CHECK(exited->exit_code == 3);
    const auto killed = parse_first_failure(
        "mpirun noticed that process rank 1 with PID 0 on node V100-2 exited on signal 9 "
        "(Killed).\n");
    REQUIRE(killed);
    CHECK(killed->host == "V100-2");
    CHECK(killed->signal == 9);
    CHECK(!parse_first_failure("all is well"));
  }
}
