#include "eval/vqa_words.hpp"

#include <algorithm>
#include <array>

namespace blip::eval {
namespace {

struct Pair {
  std::string_view from;
  std::string_view to;
};

constexpr std::array kDigits = {Pair{"none", "0"},  Pair{"zero", "0"},  Pair{"one", "1"},
                                Pair{"two", "2"},   Pair{"three", "3"}, Pair{"four", "4"},
                                Pair{"five", "5"},  Pair{"six", "6"},   Pair{"seven", "7"},
                                Pair{"eight", "8"}, Pair{"nine", "9"},  Pair{"ten", "10"}};

// In the order of `from`, for the search.
constexpr std::array kContractions = {Pair{"'ow'sat", "'ow's'at"},
                                      Pair{"'ows'at", "'ow's'at"},
                                      Pair{"aint", "ain't"},
                                      Pair{"arent", "aren't"},
                                      Pair{"cant", "can't"},
                                      Pair{"couldn'tve", "couldn't've"},
                                      Pair{"couldnt", "couldn't"},
                                      Pair{"couldnt've", "couldn't've"},
                                      Pair{"couldve", "could've"},
                                      Pair{"didnt", "didn't"},
                                      Pair{"doesnt", "doesn't"},
                                      Pair{"dont", "don't"},
                                      Pair{"hadn'tve", "hadn't've"},
                                      Pair{"hadnt", "hadn't"},
                                      Pair{"hadnt've", "hadn't've"},
                                      Pair{"hasnt", "hasn't"},
                                      Pair{"havent", "haven't"},
                                      Pair{"he'dve", "he'd've"},
                                      Pair{"hed", "he'd"},
                                      Pair{"hed've", "he'd've"},
                                      Pair{"hes", "he's"},
                                      Pair{"howd", "how'd"},
                                      Pair{"howll", "how'll"},
                                      Pair{"hows", "how's"},
                                      Pair{"isnt", "isn't"},
                                      Pair{"it'dve", "it'd've"},
                                      Pair{"itd", "it'd"},
                                      Pair{"itd've", "it'd've"},
                                      Pair{"itll", "it'll"},
                                      Pair{"maam", "ma'am"},
                                      Pair{"mightn'tve", "mightn't've"},
                                      Pair{"mightnt", "mightn't"},
                                      Pair{"mightnt've", "mightn't've"},
                                      Pair{"mightve", "might've"},
                                      Pair{"mustnt", "mustn't"},
                                      Pair{"mustve", "must've"},
                                      Pair{"neednt", "needn't"},
                                      Pair{"notve", "not've"},
                                      Pair{"oclock", "o'clock"},
                                      Pair{"oughtnt", "oughtn't"},
                                      Pair{"ow's'at", "'ow's'at"},
                                      Pair{"shant", "shan't"},
                                      Pair{"she'dve", "she'd've"},
                                      Pair{"shed've", "she'd've"},
                                      Pair{"shouldn'tve", "shouldn't've"},
                                      Pair{"shouldnt", "shouldn't"},
                                      Pair{"shouldnt've", "shouldn't've"},
                                      Pair{"shouldve", "should've"},
                                      Pair{"somebody'd", "somebodyd"},
                                      Pair{"somebody'dve", "somebody'd've"},
                                      Pair{"somebodyd've", "somebody'd've"},
                                      Pair{"somebodyll", "somebody'll"},
                                      Pair{"somebodys", "somebody's"},
                                      Pair{"someone'dve", "someone'd've"},
                                      Pair{"someoned", "someone'd"},
                                      Pair{"someoned've", "someone'd've"},
                                      Pair{"someonell", "someone'll"},
                                      Pair{"someones", "someone's"},
                                      Pair{"something'dve", "something'd've"},
                                      Pair{"somethingd", "something'd"},
                                      Pair{"somethingd've", "something'd've"},
                                      Pair{"somethingll", "something'll"},
                                      Pair{"thats", "that's"},
                                      Pair{"there'dve", "there'd've"},
                                      Pair{"thered", "there'd"},
                                      Pair{"thered've", "there'd've"},
                                      Pair{"therere", "there're"},
                                      Pair{"theres", "there's"},
                                      Pair{"they'dve", "they'd've"},
                                      Pair{"theyd", "they'd"},
                                      Pair{"theyd've", "they'd've"},
                                      Pair{"theyll", "they'll"},
                                      Pair{"theyre", "they're"},
                                      Pair{"theyve", "they've"},
                                      Pair{"twas", "'twas"},
                                      Pair{"wasnt", "wasn't"},
                                      Pair{"we'dve", "we'd've"},
                                      Pair{"wed've", "we'd've"},
                                      Pair{"werent", "weren't"},
                                      Pair{"weve", "we've"},
                                      Pair{"whatll", "what'll"},
                                      Pair{"whatre", "what're"},
                                      Pair{"whats", "what's"},
                                      Pair{"whatve", "what've"},
                                      Pair{"whens", "when's"},
                                      Pair{"whered", "where'd"},
                                      Pair{"wheres", "where's"},
                                      Pair{"whereve", "where've"},
                                      Pair{"who'dve", "who'd've"},
                                      Pair{"whod", "who'd"},
                                      Pair{"whod've", "who'd've"},
                                      Pair{"wholl", "who'll"},
                                      Pair{"whos", "who's"},
                                      Pair{"whove", "who've"},
                                      Pair{"whyll", "why'll"},
                                      Pair{"whyre", "why're"},
                                      Pair{"whys", "why's"},
                                      Pair{"wont", "won't"},
                                      Pair{"wouldn'tve", "wouldn't've"},
                                      Pair{"wouldnt", "wouldn't"},
                                      Pair{"wouldnt've", "wouldn't've"},
                                      Pair{"wouldve", "would've"},
                                      Pair{"y'all'dve", "y'all'd've"},
                                      Pair{"y'alld've", "y'all'd've"},
                                      Pair{"y'allll", "y'all'll"},
                                      Pair{"yall", "y'all"},
                                      Pair{"yall'd've", "y'all'd've"},
                                      Pair{"yall'll", "y'all'll"},
                                      Pair{"you'dve", "you'd've"},
                                      Pair{"youd", "you'd"},
                                      Pair{"youd've", "you'd've"},
                                      Pair{"youll", "you'll"},
                                      Pair{"youre", "you're"},
                                      Pair{"youve", "you've"}};

}  // namespace

std::string_view digit_of(std::string_view word) {
  const auto found = std::find_if(kDigits.begin(), kDigits.end(),
                                  [word](const Pair& pair) { return pair.from == word; });
  return found == kDigits.end() ? word : found->to;
}

std::string_view contraction_of(std::string_view word) {
  const auto found = std::lower_bound(
      kContractions.begin(), kContractions.end(), word,
      [](const Pair& pair, std::string_view wanted) { return pair.from < wanted; });
  return found == kContractions.end() || found->from != word ? word : found->to;
}

}  // namespace blip::eval
