// Every file of tests/golden/eval/FUNCTION/ is one call of dtenv_eval:
//   {"why": "…", "arguments": {…}, "result": {…}}   or   {…, "error": {"status", "message",
//   "detail"}}
// A result must be equal; of an error, the fields the file names must be equal, and each text in
// "detail" must be found. DTENV_ACCEPT=1 rewrites the expected part from what came back.
#include <doctest/doctest.h>
#include <dtenv/dtenv.h>

#include <algorithm>
#include <boost/json/src.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "print_json.hpp"

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

struct Answer {
  dtenv_status status;
  std::string text;  ///< the result, or the error's JSON
};

Answer eval(const std::string& function, const std::string& arguments) {
  char* out = nullptr;
  dtenv_error* error = nullptr;
  Answer answer{dtenv_eval(function.c_str(), arguments.c_str(), &out, &error), ""};
  if (out != nullptr) answer.text = out;
  if (error != nullptr) answer.text = dtenv_error_json(error);
  dtenv_free(out);
  dtenv_error_free(error);
  return answer;
}

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<fs::path> cases() {
  std::vector<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator(DTENV_GOLDEN_FOLDER))
    if (entry.path().extension() == ".json") found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

void accept(const fs::path& path, json::object fixture, const Answer& answer) {
  fixture.erase("result");
  fixture.erase("error");
  fixture[answer.status == DTENV_OK ? "result" : "error"] = json::parse(answer.text);
  std::ofstream out(path);
  print_json(out, fixture);
  out << "\n";
}

void check_error(const json::object& wanted, const Answer& answer) {
  REQUIRE(answer.status != DTENV_OK);
  const json::object got = json::parse(answer.text).as_object();
  for (const auto& item : wanted) {
    const bool list = item.value().is_array();
    if (!list) CHECK_MESSAGE(got.at(item.key()) == item.value(), answer.text);
    if (!list) continue;
    for (const auto& one : item.value().as_array()) {
      // As JSON has it, without the quotes: the text looked through is JSON too.
      std::string part = json::serialize(one);
      if (one.is_string()) part = part.substr(1, part.size() - 2);
      CHECK_MESSAGE(json::serialize(got.at(item.key())).find(part) != std::string::npos,
                    answer.text);
    }
  }
}

}  // namespace

TEST_SUITE("golden eval") {
  TEST_CASE("every fixture gives what it says") {
    const bool accepting = std::getenv("DTENV_ACCEPT") != nullptr;
    REQUIRE(!cases().empty());
    for (const fs::path& path : cases()) {
      INFO(path.string());
      const json::object fixture = json::parse(read(path)).as_object();
      const Answer answer =
          eval(path.parent_path().filename().string(), json::serialize(fixture.at("arguments")));
      if (accepting) {
        accept(path, fixture, answer);
      } else if (const auto* wanted = fixture.if_contains("result")) {
        CHECK_MESSAGE(answer.status == DTENV_OK, answer.text);
        if (answer.status == DTENV_OK)
          CHECK_MESSAGE(json::parse(answer.text) == *wanted, answer.text);
      } else {
        check_error(fixture.at("error").as_object(), answer);
      }
    }
  }

  // The arguments of the fixtures, cut, doubled and with bytes changed: any answer will do that is
  // JSON, or an error with a cause.
  TEST_CASE("no mangled argument brings it down") {
    std::mt19937 random(20261123);
    for (const fs::path& path : cases()) {
      const std::string function = path.parent_path().filename().string();
      const std::string whole =
          json::serialize(json::parse(read(path)).as_object().at("arguments"));
      for (int round = 0; round < 200; ++round) {
        std::string text = whole;
        for (unsigned edits = random() % 4 + 1; edits > 0 && !text.empty(); --edits) {
          const std::size_t at = random() % text.size();
          const std::size_t length = random() % std::min<std::size_t>(text.size() - at, 16) + 1;
          switch (random() % 4) {
            case 0:
              text.erase(at, length);
              break;
            case 1:
              text.insert(at, text.substr(at, length));
              break;
            case 2:
              text[at] = static_cast<char>(random() % 255 + 1);
              break;
            default:
              text.insert(at, 1, "\"\\{}[]:,\n #=@-09"[random() % 16]);
          }
        }
        std::replace(text.begin(), text.end(), '\0', ' ');
        const Answer answer = eval(function, text);
        INFO(function << " of " << text);
        json::error_code bad;
        const json::value parsed = json::parse(answer.text, bad);
        REQUIRE(!bad);
        if (answer.status != DTENV_OK)
          REQUIRE(!parsed.as_object().at("message").as_string().empty());
      }
    }
  }
}
