// The text inside a free-text tool's arguments, {"input":"…"}, as it streams in: a call of a function becomes the input of a custom tool
// without waiting for its end.
#pragma once

#include <string>
#include <string_view>

namespace switchyard::providers::responses {

class custom_input {
 public:
  /// `fragment` is a JSON string whose content continues the arguments' text. Appends what is known of the input to `out`, as the
  /// inside of a JSON string; escapes are never cut.
  void feed(std::string_view fragment, std::string& out);
  /// The arguments are complete: appends what they come to if they were not what was expected: all of them.
  void finish(std::string& out);

 private:
  enum class at { outside, key, after_key, input, skipped_string, done };

  void take(char c, std::string& out);
  void take_input(char c, std::string& out);

  at at_ = at::outside;
  int depth_ = 0;
  bool escaped_ = false;         // the character before was a backslash, in strings that are not the input
  bool wants_key_ = false;       // the next string at depth 1 is a name
  bool found_ = false;
  std::string key_;
  std::string escape_;           // an unfinished escape of the input
  std::string all_;              // until the input is found
};

}  // namespace switchyard::providers::responses
