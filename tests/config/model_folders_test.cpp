#include "config/model_folders.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>

BOOST_AUTO_TEST_SUITE(model_folders_)

using namespace switchyard::config;

namespace {

// The variable for one test; what it was before comes back.
class variable {
 public:
  explicit variable(const char* value) {
    if (const char* was = std::getenv(name)) before_ = was;
    if (value != nullptr) ::setenv(name, value, 1);
    else ::unsetenv(name);
  }
  ~variable() {
    if (before_.empty()) ::unsetenv(name);
    else ::setenv(name, before_.c_str(), 1);
  }
  variable(const variable&) = delete;
  variable& operator=(const variable&) = delete;

 private:
  static constexpr const char* name = "SWITCHYARD_MODELS";
  std::string before_;
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_folder_that_was_asked_for_is_the_only_one) {
  const variable set("/from/environment");
  BOOST_TEST((model_folders("/asked") == std::vector<std::string>{"/asked"}));
  BOOST_TEST((model_folders("") == std::vector<std::string>{"/from/environment"}));
}

BOOST_AUTO_TEST_CASE(otherwise_the_installed_ones_come_before_the_source_tree) {
  const variable unset(nullptr);
  const auto folders = model_folders("");
  BOOST_REQUIRE_EQUAL(folders.size(), 2u);
  BOOST_TEST(folders[0].ends_with("/share/switchyard/models"));
  BOOST_TEST(folders[1] == std::string(SWITCHYARD_SOURCE_DIR) + "/models");
}

BOOST_AUTO_TEST_CASE(the_first_folder_that_has_the_file_wins) {
  const std::string source = SWITCHYARD_SOURCE_DIR;
  BOOST_TEST(model_file({"/nonexistent", source + "/models", source}, "README.md") == source + "/models/README.md");
  BOOST_TEST(model_file({"/nonexistent"}, "embedding.bin") == "/nonexistent/embedding.bin");
}

BOOST_AUTO_TEST_SUITE_END()
