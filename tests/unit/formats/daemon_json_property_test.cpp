// Generated foreign files and wishes: whatever is done, every byte that is not ours stays.
#include <doctest/doctest.h>

#include <cstdio>
#include <random>
#include <set>

#include "base/text.hpp"
#include "formats/daemon_json_encoding.hpp"
#include "formats/daemon_json_merge.hpp"
#include "unit/doctest_result.hpp"

using namespace dtenv;
using Action = DaemonJsonAction;

namespace {

constexpr int files = 1000;

class Dice {
 public:
  explicit Dice(unsigned seed) : random_(seed) {}
  int below(int end) { return static_cast<int>(random_() % static_cast<unsigned>(end)); }
  bool chance(int one_in) { return below(one_in) == 0; }
  std::string one_of(const std::vector<std::string>& words) {
    return words[static_cast<std::size_t>(below(static_cast<int>(words.size())))];
  }

 private:
  std::mt19937 random_;
};

/// Writes one file as nobody would, or as everybody does.
class Writer {
 public:
  explicit Writer(Dice& dice) : dice_(dice) {
    style_ = dice.below(3);
    unit_ = dice.one_of({" ", "  ", "    ", "\t", "   "});
    newline_ = dice.chance(3) ? "\r\n" : "\n";
    colon_ = dice.one_of({":", ": ", " : "});
  }

  std::string file(std::set<std::string>& keys) {
    std::vector<std::string> members;
    for (int count = dice_.below(9); count > 0; --count) {
      const std::string key = dice_.chance(3) ? odd_key() : known_key();
      if (keys.insert(key).second) members.push_back(member("\"" + key + "\"", value_of(key)));
    }
    return dice_.one_of({"", "\n", "  "}) + brackets(members, '{', 1) +
           dice_.one_of({"", "\n", "\r\n", "\n\n "});
  }

 private:
  static const std::vector<std::pair<std::string, std::vector<std::string>>>& known() {
    static const std::vector<std::pair<std::string, std::vector<std::string>>> values = {
        {"debug", {"true", "false", "null"}},
        {"live-restore", {"true", "false"}},
        {"registry-mirrors",
         {"[]", "[ ]", "[\"https://a.example\"]", "[ \"https://a.example/\",\n \"http://b\" ]",
          "[\"HTTPS://M1.example.com\"]", "null"}},
        {"insecure-registries", {"[]", "[\"r:5000\"]", "[\"10.0.0.0/8\" , \"r\\u003a5000\"]"}},
        {"log-opts", {"{}", "{\"max-size\":\"10m\", \"labels\" : \"a&<b>\"}"}},
        {"log-driver", {"\"none\"", "\"json\\u002dfile\""}},
        {"max-concurrent-downloads", {"3", "0"}},
        {"shutdown-timeout", {"15", "120"}},
        {"default-shm-size", {"\"64M\"", "67108864"}},
        {"labels", {"[\"a=b\"]", "[\"a=b\",\"c=\\u00e9\"]"}},
        {"features", {"{}", "{\"buildkit\":true}", "{ \"cdi\" : false, \"x\":true }", "null"}},
        {"data-root", {"\"/d\"", "\"\\/data\\/docker\""}},
        {"bip", {"\"10.1.0.1/24\""}},
        {"dns", {"[\"8.8.8.8\", \"::1\"]"}},
        {"builder", {"{\"gc\":{\"enabled\":true,\"policy\":[{\"keepStorage\":\"10GB\"}]}}"}},
        {"default-ulimits", {"{\"nofile\":{\"Name\":\"nofile\",\"Hard\":65536,\"Soft\":64000}}"}},
        {"default-address-pools", {"[{\"base\":\"10.0.0.0/8\",\"size\":24}]"}},
        {"runtimes",
         {"{}", "null", "{\"a\":{\"path\":\"/a\",\"runtimeArgs\":[\"--x\"]}}",
          "{ \"nvidia\" : {\"runtimeArgs\":[], \"path\":\"/old\"},\n\"b\":{\"path\":\"/b\"} }",
          "{\"k\":{\"runtimeType\":\"io.containerd.kata.v2\",\"options\":{\"n\":1e400}}}"}}};
    return values;
  }

  std::string known_key() {
    return known()[static_cast<std::size_t>(dice_.below(static_cast<int>(known().size())))].first;
  }
  std::string odd_key() {
    return dice_.one_of({"x-", "\\u0064ebug-", "k\\n", "ключ", "😀", "a/b~", "<&>"}) +
           std::to_string(dice_.below(50)) + std::string(dice_.chance(20) ? 5000U : 0U, 'k');
  }
  std::string value_of(const std::string& key) {
    for (const auto& [name, values] : known())
      if (name == key) return dice_.one_of(values);
    return anything(3);
  }

  std::string anything(int depth) {
    const int kind = depth == 0 ? dice_.below(3) : dice_.below(5);
    if (kind == 0)
      return dice_.one_of({"0", "-0", "1e3", "1E+400", "-0.0", "12345678901234567890", "0.10",
                           "1e-7", "3.0000000000000000001", "-12"});
    if (kind == 1)
      return dice_.one_of({"\"\"", "\"\\u00e9\\ud83d\\ude00\"", "\"<&>\\/\\b\\f\"", "\"é\\t 中\"",
                           "\"{}[],:\"", "\"\\\\\\\"\""});
    if (kind == 2) return dice_.one_of({"true", "false", "null"});
    std::vector<std::string> parts;
    for (int count = dice_.below(4); count > 0; --count)
      parts.push_back(kind == 3
                          ? anything(depth - 1)
                          : member("\"m" + std::to_string(count) + "\"", anything(depth - 1)));
    return brackets(parts, kind == 3 ? '[' : '{', 5 - depth);
  }

  std::string blank() {
    return style_ == 2 ? dice_.one_of({"", "", " ", "\t", "\n", "\r\n", "  \n\t ", "\r"}) : "";
  }
  std::string member(const std::string& key, const std::string& value) {
    return key + (style_ == 2 ? blank() + ":" + blank() : colon_) + value;
  }
  std::string line(int depth) {
    std::string text = style_ == 0 ? newline_ : blank();
    for (int i = 0; style_ == 0 && i < depth; ++i) text += unit_;
    return text;
  }
  std::string brackets(const std::vector<std::string>& parts, char open, int depth) {
    std::string text(1, open);
    for (std::size_t i = 0; i < parts.size(); ++i)
      text += (i > 0 ? blank() + "," : "") + line(depth) + parts[i];
    if (!parts.empty()) text += line(depth - 1);
    return text + (open == '{' ? "}" : "]");
  }

  Dice& dice_;
  int style_ = 0;  ///< 0: on lines of their own, 1: tight, 2: blanks anywhere
  std::string unit_;
  std::string newline_;
  std::string colon_;
};

Action action_of(Dice& dice, std::set<std::string>& touched) {
  Action action;
  switch (dice.below(7)) {
    case 0:
      action = {Action::Op::add_runtime,
                dice.one_of({"nvidia", "new"}),
                "/usr/bin/rt",
                {"-v"},
                {},
                {},
                {}};
      touched.insert("runtimes");
      break;
    case 1:
      action = {Action::Op::remove_runtime, dice.one_of({"a", "b"}), {}, {}, {}, {}, {}};
      touched.insert("runtimes");
      break;
    case 2:
      action.op = dice.chance(2) ? Action::Op::add_mirrors : Action::Op::set_mirrors;
      action.urls = {"https://m1.example.com", "https://m2.example.com"};
      touched.insert("registry-mirrors");
      break;
    case 3:
      action.op = Action::Op::enable_cdi;
      touched.insert("features");
      break;
    case 4:
      action.op = Action::Op::add_texts;
      action.pointer = {"insecure-registries"};
      action.urls = {"r:5000", "s:5000"};
      touched.insert("insecure-registries");
      break;
    case 5:
      action.pointer = {"log-opts", "max-size"};
      action.json = "\"20m\"";
      touched.insert("log-opts");
      break;
    default:
      action.pointer = {dice.one_of({"debug", "live-restore"})};
      action.json = dice.one_of({"true", "false"});
      touched.insert(action.pointer[0]);
  }
  return action;
}

/// The text without the members of these keys, so that what is left is nobody's but the owner's.
std::string without(const JsonText& file, const std::set<std::string>& keys) {
  std::string left = file.text();
  const auto& members = file.root().members;
  const auto is_ours = [&](const JsonMember& member) { return keys.count(member.key) != 0; };
  if (std::all_of(members.begin(), members.end(), is_ours))
    return left.erase(file.root().begin, file.root().end - file.root().begin);
  std::size_t first_kept = 0;
  while (is_ours(members[first_kept])) ++first_kept;
  for (std::size_t i = members.size(); i-- > 0;) {
    if (!is_ours(members[i])) continue;
    const std::size_t begin = i < first_kept ? members[i].key_begin : members[i - 1].value.end;
    const std::size_t end = i < first_kept ? members[i + 1].key_begin : members[i].value.end;
    left.erase(begin, end - begin);
  }
  return left;
}

/// Entries of an object of ours that are not: each with its bytes.
void check_inner(const JsonText& before, const JsonText& after, const std::string& key,
                 const std::set<std::string>& ours) {
  const JsonNode* old = before.find({key});
  if (!old) return;
  for (const JsonMember& member : old->members) {
    if (ours.count(member.key) != 0) continue;
    const JsonNode* now = after.find({key, member.key});
    REQUIRE_MESSAGE(now != nullptr, key << "/" << member.key);
    CHECK(after.text().substr(now->begin, now->end - now->begin) ==
          before.text().substr(member.value.begin, member.value.end - member.value.begin));
  }
}

JsonText parsed(const std::string& bytes, const EngineRelease& engine) {
  const auto decoded = decode_daemon_json(bytes, engine);
  REQUIRE(decoded);
  auto text = JsonText::parse(decoded->text, "daemon.json");
  REQUIRE(text);
  return *text;
}

/// One file and its wishes.
bool check_file(unsigned seed) {
  Dice dice(seed);
  std::set<std::string> keys;
  std::set<std::string> touched;
  DaemonJsonRequest request;
  request.state.engine = parse_engine_release(
      dice.one_of({"20.10.24", "23.0.6", "24.0.7", "25.0.3", "28.2.1", "29.0.0"}));
  const std::string text = Writer(dice).file(keys);
  const JsonEncoding encodings[] = {JsonEncoding::utf8, JsonEncoding::utf8_bom,
                                    JsonEncoding::utf16_le, JsonEncoding::utf16_be};
  const bool marked = request.state.engine.at_least(24) && dice.chance(5);
  request.text = encode_daemon_json(text, encodings[marked ? 1 + dice.below(3) : 0]);
  for (int count = 1 + dice.below(4); count > 0; --count)
    request.actions.push_back(action_of(dice, touched));
  CAPTURE(seed);
  CAPTURE(text);
  const auto merged = merge_daemon_json(request);
  REQUIRE(merged);
  CAPTURE(merged->text);

  const JsonText before = parsed(*request.text, request.state.engine);
  const JsonText after = parsed(merged->text, request.state.engine);
  CHECK(without(after, touched) == without(before, touched));
  check_inner(before, after, "runtimes", {"nvidia", "a", "b", "new"});
  check_inner(before, after, "features", {"cdi"});
  check_inner(before, after, "log-opts", {"max-size"});

  request.text = merged->text;
  const auto again = merge_daemon_json(request);
  REQUIRE(again);
  CHECK(again->text == merged->text);
  return merged->changed;
}

}  // namespace

TEST_CASE("daemon.json: 1,000 generated foreign files keep every foreign byte") {
  int changed = 0;
  for (int i = 0; i < files; ++i) changed += check_file(static_cast<unsigned>(i)) ? 1 : 0;
  std::printf("%d generated foreign files, %d of them changed: 0 foreign bytes lost\n", files,
              changed);
  CHECK(changed > files / 2);
}
