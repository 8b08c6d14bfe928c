#include "formats/public_key.hpp"

#include "base/text.hpp"
#include "formats/authorized_keys.hpp"
#include "formats/known_hosts.hpp"
#include "unit/doctest_result.hpp"

using namespace dtenv;

namespace {

std::string field(std::string_view bytes) {
  std::string text(4, '\0');
  text[2] = static_cast<char>(bytes.size() >> 8);
  text[3] = static_cast<char>(bytes.size() & 255);
  return text + std::string(bytes);
}

std::string line(const std::string& type, const std::string& blob) {
  return type + " " + base64(blob);
}

std::string ed25519(char fill = 'k') {
  return line("ssh-ed25519", field("ssh-ed25519") + field(std::string(32, fill)));
}

std::string rsa(std::size_t bytes) {
  return line("ssh-rsa", field("ssh-rsa") + field("\x01") +
                             field(std::string(1, '\0') + std::string(bytes, '\xC1')));
}

PublicKey key(const std::string& text) {
  auto parsed = parse_public_key(text);
  REQUIRE(parsed);
  return *parsed;
}

}  // namespace

TEST_SUITE("public keys") {
  // Made with ssh-keygen 9.2; the fingerprint is what `ssh-keygen -lf` shows.
  const std::string made =
      "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKmtxThaG3+OE3Ob5hmxZC2MWZMrZ6pSsEIxi+t6gAXD a@b\n";

  TEST_CASE("a line is read and given back") {
    CHECK(key(ed25519() + "  Alice's laptop\n").line() == ed25519() + " Alice_s_laptop");
    CHECK(key(ed25519()).line() == ed25519());
    CHECK(key(rsa(384)).bits == 3072);
    CHECK(key(ed25519() + " x") == key(ed25519() + " y"));
    CHECK(key(ed25519() + " " + std::string(200, 'c')).line().size() == ed25519().size() + 65);
  }

  TEST_CASE("fingerprints are those of ssh-keygen") {
    CHECK(is_fingerprint(key(made).fingerprint()));
    CHECK_FALSE(is_fingerprint("MD5:aa:bb"));
    CHECK_FALSE(is_fingerprint("SHA256:abc"));
    CHECK_FALSE(is_fingerprint(key(made).fingerprint() + "="));
  }

  TEST_CASE("what is no sound key is refused") {
    const std::string blob = field("ssh-ed25519") + field(std::string(32, 'k'));
    for (const std::string& text :
         {std::string(), std::string("ssh-ed25519"), "ssh-dss " + base64(blob), rsa(128), rsa(256),
          line("ssh-rsa", blob), line("ssh-ed25519", blob + "x"), ed25519() + "\n" + ed25519(),
          ed25519() + "\r", line("ssh-ed25519", blob.substr(0, 40)), ed25519().substr(0, 60),
          line("ssh-ed25519", field("ssh-ed25519") + field("short")), "restrict " + ed25519(),
          ed25519() + " a\x1b[2J", std::string("-----BEGIN OPENSSH PRIVATE KEY-----"),
          line("ecdsa-sha2-nistp256",
               field("ecdsa-sha2-nistp256") + field("nistp384") + field("x"))}) {
      CAPTURE(text);
      CHECK_FALSE(parse_public_key(text));
    }
    CHECK_FALSE(parse_public_key(std::string("ssh-ed25519 AAAA\0", 17)));
  }

  TEST_CASE("authorized_keys: foreign lines stay byte for byte, ours stand once") {
    const std::string foreign = "# mine\r\nfrom=\"10.0.0.0/8\" " + ed25519('f') + " friend";
    const std::vector<AuthorizedKey> keys = {
        {key(ed25519('a')), {"restrict", "from=\"10.0.0.0/8\""}},
        {key(ed25519('b')), {}},
        {key(ed25519('a') + " again"), {}}};
    const auto merged = merge_authorized_keys(foreign, keys, "glm");
    REQUIRE(merged);
    CHECK(merged->text.rfind(foreign + "\n# dtenv:glm begin", 0) == 0);
    CHECK(merged->text.find("restrict,from=\"10.0.0.0/8\" " + ed25519('a') + "\n" + ed25519('b') +
                            "\n# dtenv:glm end\n") != std::string::npos);
    CHECK(merged->notes.empty());
    CHECK(merge_authorized_keys(merged->text, keys, "glm")->text == merged->text);
    const std::vector<AuthorizedKey> known = {{key(ed25519('f')), {}}};
    CHECK(merge_authorized_keys(foreign, known, "glm")->notes.size() == 1);
  }

  TEST_CASE("authorized_keys: an option that could end the line or the quote is refused") {
    for (const std::string option :
         {"", "a b", "command=\"x\" ssh-rsa", "from=\"a\"b\"", "a=b", "x\ny"}) {
      const std::vector<AuthorizedKey> keys = {{key(ed25519()), {option}}};
      CHECK_FALSE(merge_authorized_keys("", keys, "glm"));
    }
  }

  TEST_CASE("known_hosts: alias and [address]:port on one line") {
    const std::vector<KnownHost> hosts = {{"V100-1", "172.31.32.29", 6001, {key(ed25519())}},
                                          {"V100-2", "172.31.32.40", 22, {key(ed25519('b'))}}};
    const auto text = render_known_hosts(hosts);
    REQUIRE(text);
    CHECK(*text == "V100-1,[172.31.32.29]:6001 " + ed25519() + "\nV100-2,172.31.32.40 " +
                       ed25519('b') + "\n");
    CHECK_FALSE(render_known_hosts({{"*", "", 22, {key(ed25519())}}}));
    CHECK_FALSE(render_known_hosts({{"n", "", 22, {}}}));
  }
}
