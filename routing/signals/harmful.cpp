#include "routing/signals/harmful.hpp"

#include "routing/signals/phrase_table.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace switchyard::routing {

namespace {

enum category : std::uint8_t { weapons, self_harm, malware, drugs, fraud, violence, sexual, hate, illegal };
constexpr std::string_view categories[] = {"weapons", "self-harm", "malware", "drugs", "fraud", "violence", "sexual", "hate", "illegal acts"};

// Weight: half logits added to the harm head's score.
constexpr phrase phrases[] = {
    {"make a bomb", weapons, 4}, {"build a bomb", weapons, 4}, {"pipe bomb", weapons, 4}, {"molotov", weapons, 3}, {"explosive device", weapons, 3}, {"homemade explosive", weapons, 4},
    {"nerve agent", weapons, 3}, {"sarin", weapons, 3}, {"anthrax", weapons, 2}, {"napalm", weapons, 3}, {"dirty bomb", weapons, 4}, {"ghost gun", weapons, 4}, {"untraceable gun", weapons, 4},
    {"3d print a gun", weapons, 4}, {"chemical weapon", weapons, 3}, {"biological weapon", weapons, 3}, {"silencer", weapons, 1},
    {"kill myself", self_harm, 5}, {"end my life", self_harm, 5}, {"commit suicide", self_harm, 4}, {"suicide method", self_harm, 5}, {"hurt myself", self_harm, 4}, {"cut myself", self_harm, 4},
    {"painless way to die", self_harm, 5}, {"want to die", self_harm, 4}, {"overdose on", self_harm, 3}, {"self harm", self_harm, 2},
    {"ransomware", malware, 3}, {"keylogger", malware, 3}, {"write malware", malware, 5}, {"create a virus that", malware, 4}, {"computer virus", malware, 1}, {"botnet", malware, 2},
    {"steal passwords", malware, 4}, {"hack into", malware, 4}, {"ddos", malware, 2}, {"bypass antivirus", malware, 4}, {"phishing email", malware, 3}, {"credential stuffing", malware, 3},
    {"trojan", malware, 1}, {"exploit for", malware, 2}, {"crack a password", malware, 2}, {"crack wifi", malware, 3},
    {"cook meth", drugs, 5}, {"make meth", drugs, 5}, {"synthesize methamphetamine", drugs, 5}, {"methamphetamine", drugs, 3}, {"make cocaine", drugs, 4}, {"buy drugs", drugs, 3},
    {"sell drugs", drugs, 4}, {"fentanyl", drugs, 2}, {"make lsd", drugs, 4}, {"synthesize mdma", drugs, 5}, {"date rape drug", drugs, 5},
    {"credit card fraud", fraud, 3}, {"fake id", fraud, 4}, {"counterfeit", fraud, 2}, {"launder money", fraud, 4}, {"money laundering", fraud, 1}, {"identity theft", fraud, 1},
    {"steal someone's identity", fraud, 5}, {"scam people", fraud, 4}, {"insider trading", fraud, 1}, {"forge a", fraud, 2}, {"evade taxes", fraud, 3}, {"fake reviews", fraud, 2},
    {"kill someone", violence, 5}, {"murder someone", violence, 5}, {"get away with murder", violence, 4}, {"hurt someone", violence, 4}, {"kidnap", violence, 4}, {"torture", violence, 2},
    {"poison someone", violence, 5}, {"hire a hitman", violence, 5}, {"school shooting", violence, 3}, {"mass shooting", violence, 2}, {"stalk someone", violence, 4}, {"dispose of a body", violence, 5},
    {"kill him", violence, 3}, {"kill her", violence, 3}, {"beat up", violence, 2}, {"terrorist attack", violence, 3},
    {"child porn", sexual, 6}, {"sexual content involving a minor", sexual, 6}, {"underage", sexual, 3}, {"non consensual", sexual, 3}, {"rape", sexual, 3}, {"incest", sexual, 3},
    {"revenge porn", sexual, 5}, {"upskirt", sexual, 4}, {"deepfake nude", sexual, 5}, {"sexually explicit", sexual, 2}, {"erotica", sexual, 2},
    {"white supremacy", hate, 3}, {"ethnic cleansing", hate, 3}, {"gas the", hate, 5}, {"inferior race", hate, 5}, {"racial slur", hate, 3}, {"holocaust was", hate, 2}, {"subhuman", hate, 4},
    {"kill all", hate, 3}, {"racist joke", hate, 4}, {"sexist joke", hate, 4}, {"hate speech", hate, 1},
    {"steal a car", illegal, 4}, {"shoplift", illegal, 4}, {"pick a lock", illegal, 2}, {"rob a bank", illegal, 4}, {"break into", illegal, 2}, {"smuggle", illegal, 4}, {"hotwire", illegal, 3},
    {"get away with", illegal, 2}, {"blackmail", illegal, 3}, {"bribe", illegal, 2}, {"arson", illegal, 2}, {"human trafficking", illegal, 2}, {"poach", illegal, 1}};

// Context in which the same words are honest: prevention, history, machines.
constexpr phrase honest[] = {{"prevent", 0, 2}, {"prevention", 0, 2}, {"protect", 0, 2}, {"detect", 0, 2}, {"defend", 0, 2}, {"victims", 0, 2}, {"history of", 0, 2}, {"awareness", 0, 2},
                             {"novel", 0, 1}, {"law", 0, 1}, {"legal", 0, 1}, {"treatment", 0, 2}, {"support", 0, 1}, {"process", 0, 2}, {"thread", 0, 1}, {"report", 0, 1}, {"defuse", 0, 3},
                             {"hotline", 0, 2}, {"statistics", 0, 2}, {"why is", 0, 1}, {"why do", 0, 1}, {"film", 0, 1}, {"movie", 0, 1}, {"game", 0, 2}, {"chess", 0, 2}, {"minecraft", 0, 3}};

}  // namespace

void judge_harm(const signal_heads& heads, const passages& turn, harmful_finding& found) {
  static const phrase_table named(phrases), excused(honest);
  if (turn.words.empty()) return;
  std::array<float, std::size(categories)> strongest{};
  named.find(turn.words, [&](const phrase_match& m) { strongest[m.tag] = std::max(strongest[m.tag], static_cast<float>(m.weight) / 2); });
  float excuse = 0;
  excused.find(turn.words, [&](const phrase_match& m) { excuse = std::max(excuse, static_cast<float>(m.weight) / 2); });
  const auto top = std::max_element(strongest.begin(), strongest.end());
  const float phrase_weight = *top == 0 ? 0.0f : std::max(0.0f, *top - excuse);
  float harm = -20, toxic = -20;
  for (const auto& passage : turn.all) {
    float score = 0;
    heads.harm.score(passage.vector, {}, passage.words, {&score, 1});
    harm = std::max(harm, score);
    heads.toxic.score(passage.vector, {}, passage.words, {&score, 1});
    toxic = std::max(toxic, score);
  }
  const float asked = heads.harm_score(harm + phrase_weight), abusive = heads.toxic_score(toxic);
  const float score = std::max(asked, abusive);
  if (score <= found.score) return;
  found.score = score;
  if (*top >= 1) {
    found.category = categories[top - strongest.begin()];
  } else {
    found.category = score < 0.5f ? std::string_view() : abusive > asked ? std::string_view("abuse") : std::string_view("illegal acts");
  }
}

}  // namespace switchyard::routing
