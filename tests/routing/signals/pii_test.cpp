#include "routing/signals/pii/find.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

BOOST_AUTO_TEST_SUITE(pii)

using namespace switchyard::routing;

namespace {

// "email:a@b.org card:4111..." of a text.
std::string found_in(std::string_view text) {
  std::vector<pii_span> spans;
  find_pii(text, 0, spans);
  std::string told;
  for (const auto& span : spans) {
    if (!told.empty()) told += " | ";
    (told += to_string(span.kind)) += ':';
    told += text.substr(span.start, span.end - span.start);
  }
  return told;
}

}  // namespace

BOOST_AUTO_TEST_CASE(addresses_of_mail_are_found_whole) {
  BOOST_TEST(found_in("Write to jane.doe+news@mail.example.co.uk, please.") == "email:jane.doe+news@mail.example.co.uk");
  BOOST_TEST(found_in("<o'neil@example.org> and bob@example.com.") == "email:o'neil@example.org | email:bob@example.com");
  BOOST_TEST(found_in("logo@2x.png, @mention, a@b, user@localhost, foo@.com, 5 @ 3.50") == "");
}

BOOST_AUTO_TEST_CASE(cards_pass_luhn_and_belong_to_an_issuer) {
  BOOST_TEST(found_in("my card 4111 1111 1111 1111 exp 12/27") == "card:4111 1111 1111 1111");
  BOOST_TEST(found_in("amex 378282246310005") == "card:378282246310005");
  BOOST_TEST(found_in("5555-5555-5555-4444") == "card:5555-5555-5555-4444");
  BOOST_TEST(found_in("4111 1111 1111 1111 12/27 123") == "card:4111 1111 1111 1111");
  BOOST_TEST(found_in("4111 1111 1111 1112 fails Luhn") == "");
  BOOST_TEST(found_in("order number 4539578763621486") == "");
  BOOST_TEST(found_in("9999999999999995") == "");
}

BOOST_AUTO_TEST_CASE(social_security_numbers_obey_their_rules) {
  BOOST_TEST(found_in("SSN 536-22-8726") == "ssn:536-22-8726");
  BOOST_TEST(found_in("social security number is 536228726") == "ssn:536228726");
  BOOST_TEST(found_in("000-22-8726 666-22-8726 912-22-8726 536-00-8726 536-22-0000") == "");
}

BOOST_AUTO_TEST_CASE(telephones_are_found_in_the_forms_people_write) {
  BOOST_TEST(found_in("call me at (212) 555-0187") == "phone:(212) 555-0187");
  BOOST_TEST(found_in("+49 30 901820 or +14155552671") == "phone:+49 30 901820 | phone:+14155552671");
  BOOST_TEST(found_in("415-555-2671") == "phone:415-555-2671");
  BOOST_TEST(found_in("tel. 020 7946 0958") == "phone:020 7946 0958");
  BOOST_TEST(found_in("mon numéro: 06 12 34 56 78") == "phone:06 12 34 56 78");
  BOOST_TEST(found_in("my phone number is 2125550187") == "phone:2125550187");
}

BOOST_AUTO_TEST_CASE(accounts_have_their_country_s_length_and_check_digits) {
  BOOST_TEST(found_in("IBAN DE89 3704 0044 0532 0130 00") == "iban:DE89 3704 0044 0532 0130 00");
  BOOST_TEST(found_in("GB82WEST12345698765432") == "iban:GB82WEST12345698765432");
  BOOST_TEST(found_in("DE89 3704 0044 0532 0130 01") == "");
}

BOOST_AUTO_TEST_CASE(addresses_of_machines_are_no_versions) {
  BOOST_TEST(found_in("ssh root@203.0.113.77 failed, server 192.168.1.20:8080") == "ip:203.0.113.77 | ip:192.168.1.20");
  BOOST_TEST(found_in("host 2001:0db8:85a3::8a2e:0370:7334 mac 00:1B:44:11:3A:B7") == "ip:2001:0db8:85a3::8a2e:0370:7334 | mac:00:1B:44:11:3A:B7");
  BOOST_TEST(found_in("version 10.4.2.17, v1.2.3.4, Chrome/120.0.6099.109, section 3.1.4.2, std::vector, 12:34:56") == "");
}

BOOST_AUTO_TEST_CASE(keys_and_tokens_are_known_by_their_makers) {
  BOOST_TEST(found_in("key AKIAIOSFODNN7EXAMPLE") == "api_key:AKIAIOSFODNN7EXAMPLE");
  BOOST_TEST(found_in("ghp_16C7e42F292c6912E7710c838347Ae178B4a") == "api_key:ghp_16C7e42F292c6912E7710c838347Ae178B4a");
  BOOST_TEST(found_in("OPENAI_API_KEY=sk-proj-a1B2c3D4e5F6g7H8i9J0k1L2m3N4") == "api_key:sk-proj-a1B2c3D4e5F6g7H8i9J0k1L2m3N4");
  BOOST_TEST(found_in("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U") ==
             "jwt:eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U");
  BOOST_TEST(found_in("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----.") ==
             "private_key:-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----");
  BOOST_TEST(found_in("postgres://admin:s3cr3tpw@db.local/x") == "api_key:admin:s3cr3tpw");
  BOOST_TEST(found_in("client_secret: \"9f8e7d6c5b4a39281706f5e4\"") == "api_key:9f8e7d6c5b4a39281706f5e4");
  BOOST_TEST(found_in("sk-xxxxxxxxxxxxxxxxxxxxxxxx, api_key = your_api_key_here, token = os.environ['TOKEN1234567890']") == "");
}

BOOST_AUTO_TEST_CASE(words_around_make_a_date_or_a_document_personal) {
  BOOST_TEST(found_in("She was born on March 5, 1990 in Rome") == "date_of_birth:March 5, 1990");
  BOOST_TEST(found_in("DOB: 05/03/1990") == "date_of_birth:05/03/1990");
  BOOST_TEST(found_in("passport number C01X00T47") == "passport:C01X00T47");
  BOOST_TEST(found_in("driver's license D1234-56789-01234") == "driver_licence:D1234-56789-01234");
  BOOST_TEST(found_in("I live at 742 Evergreen Terrace, Springfield") == "address:742 Evergreen Terrace");
  BOOST_TEST(found_in("released on March 5, 1990; meeting 05/03/2024; part C01X00T47; 12 Angry Men") == "");
}

// Of one hundred look-alikes not two may be taken for personal data.
BOOST_AUTO_TEST_CASE(look_alikes_pass) {
  for (const auto* text :
       {"order 1234-5678-9012", "invoice no. 2024-00123456", "UUID 550e8400-e29b-41d4-a716-446655440000", "sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "md5 d41d8cd98f00b204e9800998ecf8427e", "ISBN 978-3-16-148410-0", "ISBN 0-306-40615-2", "2024-05-17T12:34:56Z", "1715948096", "1715948096123", "timestamp 1715948096123456",
        "commit 8910a2e5f1b2c3d4e5f60718293a4b5c6d7e8f90", "3.14159265358979", "1,234,567,890", "$1,299.99", "192.168.1.0.5", "10.0.0", "version 2.0.0.1", "12:34:56:78",
        "tracking 1Z999AA10123456784", "EAN 4006381333931", "phone model SM-G991B", "room 212-555", "2023/10/05", "chapter 4.3.2.1", "RFC 9562", "ticket 415-555-2671",
        "serial 3712-8822-4631-0005", "0x7ffee3c0", "1e10", "pages 100-200", "score 3-2", "50-50", "24/7", "ratio 16:9", "1990-2000", "doi 10.1000/182", "arXiv 2406.18665", "f47ac10b58cc",
        "A1B2C3D4E5", "100000000000000000000", "ab:cd", "::", "a::b", "1.2.3", "0.0.0.0", "127.0.0.1", "255.255.255.0", "x@y", "@home", "C++20", "GPT-4-1106-preview", "ISO 9001:2015",
        "latitude 52.520008, longitude 13.404954", "MMLU 71.2 % at 50 items", "47 1234 5678 90 12 apples", "the year 1984", "top 10 of 2023", "win-loss 10-5-3", "4.7.11", "A. 0.00307219662", "broker license number 545345"})
    BOOST_TEST(found_in(text) == "", text);
}

BOOST_AUTO_TEST_CASE(spans_are_in_order_and_apart_and_bad_bytes_do_no_harm) {
  const std::string text = "a@b.org\xFF\xC3 4111111111111111 \x80 b@c.org";
  std::vector<pii_span> spans;
  find_pii(text, 3, spans);
  BOOST_REQUIRE_EQUAL(spans.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    BOOST_TEST(spans[i].turn == 3u);
    BOOST_TEST(spans[i].start < spans[i].end);
    if (i > 0) BOOST_TEST(spans[i - 1].end <= spans[i].start);
  }
  for (std::size_t cut = 0; cut < text.size(); ++cut) find_pii(std::string(text, 0, cut), 0, spans);
}

BOOST_AUTO_TEST_SUITE_END()
