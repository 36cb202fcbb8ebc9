#include "tools/switchyardctl/table.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(table_)

using namespace switchyard::ctl;

BOOST_AUTO_TEST_CASE(columns_are_aligned_without_tabs_or_blanks_at_line_ends) {
  const table t{{{"KEY"}, {"CALLS", true}, {"STATE"}},
                {{{"openai-key-1"}, {"7"}, {"closed"}}, {{"k2"}, {"12345"}, {""}}, {{"k3"}}}};
  BOOST_TEST(render(t, {}) ==
             "KEY           CALLS  STATE\n"
             "openai-key-1      7  closed\n"
             "k2            12345\n"
             "k3\n");
}

BOOST_AUTO_TEST_CASE(an_empty_cell_in_the_middle_keeps_its_place) {
  const table t{{{"A"}, {"B", true}, {"C"}}, {{{"x"}, {""}, {"z"}}, {{"xx"}, {"10"}, {"z"}}}};
  BOOST_TEST(render(t, {}) == "A    B  C\nx       z\nxx  10  z\n");
}

BOOST_AUTO_TEST_CASE(colour_comes_only_when_asked_for_and_does_not_move_columns) {
  const table t{{{"A"}, {"B"}}, {{{"open", tone::bad}, {"x"}}, {{"ok"}, {"y"}}}};
  BOOST_TEST(render(t, {}).find('\x1b') == std::string::npos);
  BOOST_TEST(render(t, {.colour = true}) ==
             "\x1b[2mA\x1b[0m     \x1b[2mB\x1b[0m\n\x1b[31mopen\x1b[0m  x\nok    y\n");
}

BOOST_AUTO_TEST_CASE(the_last_column_is_cut_to_the_terminal) {
  const table t{{{"A"}, {"REASON"}}, {{{"1"}, {"a very long reason that goes on"}}}};
  BOOST_TEST(render(t, {.width = 20}) == "A  REASON\n1  a very long reas…\n");
  BOOST_TEST(render(t, {.width = 1}) == "A  REASON\n1  a very long…\n");   // readable even where nothing fits
}

BOOST_AUTO_TEST_CASE(code_points_count_not_bytes) {
  BOOST_TEST(display_width("aä…") == 3u);
  const table t{{{"A"}, {"B"}}, {{{"ä"}, {"x"}}, {{"ab"}, {"y"}}}};
  BOOST_TEST(render(t, {}) == "A   B\nä   x\nab  y\n");
}

BOOST_AUTO_TEST_CASE(what_a_terminal_would_obey_is_made_harmless) {
  BOOST_TEST(printable("a\x1b[31mb\x07\r\nc\td\x7f") == "a?[31mb?  c d?");
  BOOST_TEST(printable("\xc2\x9b""31m \xc3\xa4") == "?31m \xc3\xa4");   // U+009B starts a control sequence as well
  const table t{{{"A"}}, {{{"\x1b[2J"}}}};
  BOOST_TEST(render(t, {.colour = true}).find("\x1b[2J") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_table_without_columns_is_nothing) { BOOST_TEST(render({}, {}).empty()); }

BOOST_AUTO_TEST_SUITE_END()
