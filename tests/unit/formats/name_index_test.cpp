#include "formats/name_index.hpp"

#include <doctest/doctest.h>

#include <map>
#include <random>
#include <string>

using namespace dtenv;

TEST_SUITE("NameIndex") {
  TEST_CASE("it finds the first of each name, in whatever order they came") {
    std::mt19937 random(11);
    for (int round = 0; round < 200; ++round) {
      std::vector<std::string> names;
      std::map<std::string, std::size_t> known;
      NameIndex index;
      const auto name_of = [&](std::size_t k) -> std::string_view { return names[k]; };
      const unsigned kinds = 1 + random() % 60;
      bool ordered = random() % 2 == 0;
      for (int i = 0; i < 100; ++i) {
        if (random() % 50 == 0) ordered = false;
        std::string name = ordered
                               ? "node-" + std::to_string(1000 + i)
                               : std::string(random() % 20, 'x') + std::to_string(random() % kinds);
        const auto found = known.find(name);
        const std::size_t wanted = found == known.end() ? NameIndex::npos : found->second;
        REQUIRE(index.find(name, name_of) == wanted);
        if (random() % 2 == 0) {
          REQUIRE(index.add_new(name, name_of) == (wanted == NameIndex::npos));
          if (wanted != NameIndex::npos) continue;
        } else {
          index.add(name, name_of);
        }
        known.emplace(name, names.size());
        names.push_back(std::move(name));
      }
    }
  }
}
