#include "providers/packed_text.hpp"

#include "base/random.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(packing_texts)

using namespace switchyard;
using namespace switchyard::providers;

namespace {

std::string words(std::size_t size, std::uint64_t seed) {
  random_source random(seed);
  std::string out;
  while (out.size() < size) out += random.below(5) == 0 ? std::string(1, static_cast<char>(random.below(256))) : " word" + std::to_string(random.below(50));
  out.resize(size);
  return out;
}

/// What `text` puts into `out` and lends, put together again.
std::string given_out(const std::string& out, const std::vector<lent_text>& lent, std::size_t& most_unpacked) {
  unpacker all;
  std::size_t at = 0;
  for (const auto& each : lent) {
    all.add({std::string_view(out).substr(at, each.at - at)});
    all.add(each.what);
    at = each.at;
  }
  all.add({std::string_view(out).substr(at)});
  std::string joined;
  for (bool more = true; more;) {
    std::vector<std::string_view> pieces;
    more = all.give(pieces);
    for (const auto piece : pieces) {
      joined += piece;
      most_unpacked = std::max(most_unpacked, piece.size());
    }
  }
  BOOST_TEST(all.empty());
  return joined;
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_was_appended_comes_out_again_whatever_its_length) {
  random_source random(7);
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{4095}, std::size_t{4096}, packed_text::block_size - 1, packed_text::block_size, packed_text::block_size + 1,
                                 3 * packed_text::block_size, std::size_t{1'000'000}}) {
    const auto whole = words(size, size + 1);
    packed_text text;
    for (std::string_view rest = whole; !rest.empty();) {
      const auto piece = rest.substr(0, 1 + random.below(random.below(3) == 0 ? 100'000 : 200));
      text.append(piece);
      rest.remove_prefix(piece.size());
    }
    BOOST_TEST(text.size() == size);
    BOOST_TEST((text.joined() == whole));
    std::vector<lent_text> lent;
    std::string out = "<";
    text.put(out, &lent);
    out += "|";
    text.put(out, &lent);
    out += ">";
    std::size_t most = 0;
    BOOST_TEST((given_out(out, lent, most) == "<" + whole + "|" + whole + ">"));
    BOOST_TEST(most <= packed_text::block_size + 8192);
  }
}

BOOST_AUTO_TEST_CASE(what_is_lent_stays_where_it_is_when_its_owner_moves) {
  const auto whole = words(100'000, 3);
  std::vector<packed_text> texts(1);
  texts.front().append(whole);
  std::vector<lent_text> lent;
  std::string out;
  texts.front().put(out, &lent);
  for (int i = 0; i < 100; ++i) texts.emplace_back();
  std::size_t most = 0;
  BOOST_TEST((given_out(out, lent, most) == whole));
}

BOOST_AUTO_TEST_CASE(noise_that_does_not_pack_is_kept_as_it_stands) {
  random_source random(5);
  std::string whole;
  while (whole.size() < 200'000) whole += static_cast<char>(random.below(256));
  packed_text text;
  text.append(whole);
  BOOST_TEST((text.joined() == whole));
  text.clear();
  BOOST_TEST(text.empty());
  BOOST_TEST(text.joined().empty());
}

BOOST_AUTO_TEST_SUITE_END()
