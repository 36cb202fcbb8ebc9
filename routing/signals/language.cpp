#include "routing/signals/language.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace switchyard::routing {

namespace {

struct known {
  std::string_view code;
  script written;
  std::string_view words;            // separated by blanks
};

constexpr known languages[] = {
    {"en", script::latin, "the of and to in is that it for was with as on be at by this have from or had not but what all were when we there can an your which their "
                          "if do will how about up out them then she many some so these would other into has more her two like him see could no make than my you i are "
                          "does why who where explain write please me give should find following between a calculate create list"},
    {"de", script::latin, "der die das und ist nicht ein eine zu den von mit dem des sich auf für auch es im an als wie wir aus bei nach werden hat ich sie er was "
                          "oder aber wenn einen einer kann noch nur über sind war bitte mir mein warum wer wo dass haben wird zum zur kein gibt mach schreibe erkläre wieviel"},
    {"fr", script::latin, "le la les de des et est un une du en que qui dans pour pas sur au plus par ce il elle ne se sont avec je vous nous mais ou où cette "
                          "être fait comment pourquoi quel quelle quels mon ma mes c'est qu'est l'on aux leur son sa ses y a t moi peux expliquez écris écrire donne très"},
    {"es", script::latin, "el la los las de y es un una que en por con para no se su lo como más pero al del sus le ya o este sí porque esta entre cuando muy sin "
                          "sobre también me hasta hay donde quien desde todo nos qué cómo cuál dónde por favor escribe explica mi tengo está son fue puedo hacer"},
    {"it", script::latin, "il la lo gli le di e è un una che in per con non si su come più ma al del della dei nel nella sono da ha questo questa anche o se mi ci "
                          "perché cosa quando dove chi quale molto delle degli alla tra fra puoi scrivi spiega mio mia essere fare ho dal dalla suo sua"},
    {"pt", script::latin, "o a os as de e é um uma que em por com para não se seu sua como mais mas ao do da dos das no na nos nas ou quando muito já também "
                          "são foi eu você ele ela isso este esta porque qual onde quem está pelo pela até sem meu minha explique escreva fazer posso como ser"},
    {"nl", script::latin, "de het een en van is in dat op te voor met zijn niet aan er ook als bij of maar naar om uit dan nog wat hoe waarom wie waar deze die "
                          "dit kan ik je jij we wij ze hij zij worden wordt heeft hebben mijn geen over kunt schrijf leg welke zou door tot"},
    {"sv", script::latin, "och att det i en på är som för med den till av inte har om ett de jag du han hon vi så men var från kan ska hur vad varför när där "
                          "eller mig min din alla sig sin mycket skriv förklara vara blir efter vilka vilken bara"},
    {"da", script::latin, "og at det i en på er som for med den til af ikke har om et de jeg du han hun vi så men var fra kan skal hvordan hvad hvorfor når der "
                          "eller mig min din alle sig sin meget skriv forklar være bliver efter hvilke hvilken også blev"},
    {"no", script::latin, "og at det i en på er som for med den til av ikke har om et de jeg du han hun vi så men var fra kan skal hvordan hva hvorfor når der "
                          "eller meg min din alle seg sin mye skriv forklar være blir etter hvilke hvilken også ble fikk noe"},
    {"fi", script::latin, "ja on ei se että en hän oli mutta niin kun mitä tai jos kuin minä sinä me te he ovat olla myös miten miksi missä kuka joka tämä "
                          "ole mikä voi minun sinun kanssa sitten vain kirjoita selitä ovatko voinko mistä"},
    {"pl", script::latin, "i w nie na się z do to jest że a o jak po co za tak ale od czy przez dla są być może jego jej ja ty on ona my wy oni gdy już tylko "
                          "dlaczego gdzie kto który która które napisz wyjaśnij mi mój mnie jakie jaki oraz ze"},
    {"cs", script::latin, "a je se na v že to s z do o i jako ale po za jsem jsou by pro jak tak co není být má nebo když jeho už proč kde kdo který která které "
                          "napiš vysvětli mi můj jaký jaké jaká od aby ve při také"},
    {"ro", script::latin, "și în de la cu nu este un o pe că care din să mai pentru ce se sunt au ca a lui dar fi ar cum unde când cine scrie explică mea meu "
                          "sau după dacă îmi acest această prin fost foarte"},
    {"hu", script::latin, "a az és hogy nem is egy van ez de meg ha mint csak vagy már volt el kell még mi én te ő mit hogyan miért hol ki melyik írj "
                          "magyarázd le fel lehet nagyon azt ezt nekem között után"},
    {"tr", script::latin, "ve bir bu da de için ile ne çok var mi mı mu o gibi daha olarak ama değil ben sen biz siz nasıl neden nerede kim hangi en kadar "
                          "olan sonra bana yaz açıkla benim şu ya her yok midir nedir"},
    {"vi", script::latin, "và của là có không một được cho các những trong với người này để khi đã tôi bạn như thế nào tại sao gì ở đâu ai hãy viết giải "
                          "thích về từ ra đến cách làm"},
    {"id", script::latin, "yang dan di itu dengan untuk tidak ini dari dalam akan pada juga ke karena ada oleh saya anda kami kita mereka bagaimana mengapa apa "
                          "siapa dimana tolong tulis jelaskan adalah atau seperti bisa sebuah lebih sudah"},
    {"ru", script::cyrillic, "и в не на я что он с как это по но они мы она так его за от для вы все у то же бы был мне есть или если когда где кто почему "
                             "напиши объясни мой можно к из о ли какой какая какие"},
    {"uk", script::cyrillic, "і в не на я що він з як це по але вони ми вона так його за від для ви всі у та же би був мені є або якщо коли де хто чому "
                             "напиши поясни мій можна до із про чи який яка які"},
    {"bg", script::cyrillic, "и в не на аз че той с как това по но те ние тя така за от за вие са до му е да се или ако кога къде кой защо напиши обясни "
                             "мой може ще със какво какъв какви като"},
    {"sr", script::cyrillic, "и у не на ја да он са како то по али они ми она тако за од ви је се или ако када где ко зашто напиши објасни мој може су што"},
    {"ar", script::arabic, "في من على إلى هذا أن ما هل كيف لماذا هو هي التي الذي مع عن كان لا و أو"},
    {"fa", script::arabic, "در به از که این را با است برای آن یک چه چرا چگونه من تو ما و یا نیست می"},
    {"ur", script::arabic, "کے میں ہے کی اور سے کا کو یہ پر نہیں کیا کیوں ہیں ایک نے"}};

struct marked {
  std::uint32_t hash, mask;
};

const std::vector<marked>& marks() {
  static const auto all = [] {
    std::vector<marked> list;
    for (std::size_t i = 0; i < std::size(languages); ++i) {
      std::vector<word> words;
      split_words(languages[i].words, words);
      for (const auto& w : words) list.push_back({w.hash, 1u << i});
    }
    std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.hash < b.hash; });
    std::vector<marked> merged;
    for (const auto& m : list)
      if (!merged.empty() && merged.back().hash == m.hash) merged.back().mask |= m.mask;
      else merged.push_back(m);
    return merged;
  }();
  return all;
}

// By script alone.
std::string_view only_language(script s) noexcept {
  switch (s) {
    case script::greek: return "el";
    case script::armenian: return "hy";
    case script::hebrew: return "he";
    case script::devanagari: return "hi";
    case script::bengali: return "bn";
    case script::tamil: return "ta";
    case script::thai: return "th";
    case script::georgian: return "ka";
    case script::hangul: return "ko";
    case script::kana: return "ja";
    case script::han: return "zh";
    default: return {};
  }
}

language_finding by_words(const text_facts& facts, script written) {
  std::array<float, std::size(languages)> scores{};
  const auto count = std::min<std::size_t>(400, facts.words.size());
  const auto& all = marks();
  for (std::size_t i = 0; i < count; ++i) {
    const auto at = std::lower_bound(all.begin(), all.end(), facts.words[i].hash, [](const auto& m, std::uint32_t h) { return m.hash < h; });
    if (at == all.end() || at->hash != facts.words[i].hash) continue;
    const auto share = 1.0f / static_cast<float>(std::popcount(at->mask));
    for (auto rest = at->mask; rest != 0; rest &= rest - 1) scores[static_cast<std::size_t>(std::countr_zero(rest))] += share;
  }
  std::size_t best = std::size(languages), second = best;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (languages[i].written != written || scores[i] <= 0) continue;
    if (best == scores.size() || scores[i] > scores[best]) {
      second = best;
      best = i;
    } else if (second == scores.size() || scores[i] > scores[second]) {
      second = i;
    }
  }
  if (best == scores.size()) {
    if (written == script::cyrillic) return {"ru", 0.4f};
    if (written == script::arabic) return {"ar", 0.4f};
    const bool plain = facts.letters == facts.scripts[static_cast<std::size_t>(script::latin)] && facts.bytes > 0;
    return plain ? language_finding{"en", 0.25f} : language_finding{};
  }
  const float lead = scores[best] - (second < scores.size() ? scores[second] : 0);
  return {languages[best].code, std::clamp(1 - 0.75f * std::exp(-0.9f * lead), 0.25f, 0.99f)};
}

}  // namespace

language_finding find_language(std::string_view, const text_facts& facts) {
  const auto& scripts = facts.scripts;
  std::size_t total = 0, best = 0;
  for (std::size_t i = 0; i < script_count; ++i) {
    // An ideograph says as much as a short word.
    const auto weight = [&](std::size_t s) { return scripts[s] * (s >= static_cast<std::size_t>(script::hangul) ? 3 : 1); };
    total += weight(i);
    if (weight(i) > weight(best)) best = i;
  }
  if (total == 0) return {};
  const auto leading = static_cast<script>(best);
  if (leading == script::latin || leading == script::cyrillic || leading == script::arabic) return by_words(facts, leading);
  // Japanese mixes kana with han; a fifth of kana is enough.
  if (leading == script::han && scripts[static_cast<std::size_t>(script::kana)] * 5 > scripts[best]) return {"ja", 0.97f};
  const auto code = only_language(leading);
  if (code.empty()) return {};
  const auto share = static_cast<float>(scripts[best] * (best >= static_cast<std::size_t>(script::hangul) ? 3 : 1)) / static_cast<float>(total);
  return {code, std::min(0.99f, 0.3f + 0.69f * share) * (scripts[best] < 3 ? 0.7f : 1.0f)};
}

}  // namespace switchyard::routing
