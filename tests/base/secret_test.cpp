#include "base/secret.hpp"

#include <boost/test/unit_test.hpp>

#include <ostream>
#include <type_traits>

BOOST_AUTO_TEST_SUITE(secrets)

using namespace switchyard;

namespace {
template <class T>
concept printable = requires(std::ostream& out, const T& value) { out << value; };
}  // namespace

BOOST_AUTO_TEST_CASE(a_secret_can_not_be_printed_or_turned_into_a_string) {
  static_assert(!printable<secret>);
  static_assert(!std::is_convertible_v<secret, std::string>);
  BOOST_TEST(secret("sk-1").reveal() == "sk-1");
}

BOOST_AUTO_TEST_CASE(only_the_same_characters_are_equal) {
  const secret key("sk-12345");
  BOOST_TEST(key.equals("sk-12345"));
  for (const char* guess : {"", "sk-1234", "sk-123456", "sk-12346", "sk-12345sk-12345"}) BOOST_TEST(!key.equals(guess), guess);
  BOOST_TEST(secret().equals(""));
  BOOST_TEST(!secret().equals("x"));
}

BOOST_AUTO_TEST_CASE(moving_leaves_nothing_behind) {
  secret from("canary");
  const secret to(std::move(from));
  BOOST_TEST(to.reveal() == "canary");
  BOOST_TEST(from.empty());   // NOLINT: looking at the moved-from value is the point
}

BOOST_AUTO_TEST_SUITE_END()
