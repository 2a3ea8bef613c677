#include "dataset/annotated_pictures.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"

namespace blip::dataset {
namespace {

template <typename Text>
void append(std::vector<Text>& all, std::vector<Text>& more) {
  std::move(more.begin(), more.end(), std::back_inserter(all));
}

void take_label(AnnotatedPicture& picture, const std::string& label) {
  if (picture.label.empty()) picture.label = label;
  if (!label.empty() && label != picture.label) {
    throw Error(ErrorCode::malformed, picture.key + ": has two labels, " +
                                          in_quotes(picture.label) + " and " + in_quotes(label));
  }
}

}  // namespace

std::vector<AnnotatedPicture> annotated_pictures(const Dataset& data) {
  std::vector<AnnotatedPicture> pictures;
  std::map<std::string, std::size_t> places;  // by image_id
  std::set<std::string> keys;
  for (std::size_t i = 0; i < data.size(); ++i) {
    Sample sample = data.annotation(i);
    std::size_t place = pictures.size();
    if (!sample.image_id.empty() && sample.pictures.size() == 1) {
      place = places.try_emplace(sample.image_id, place).first->second;
    }
    if (place == pictures.size()) {
      const bool is_new = keys.insert(sample.key).second;
      pictures.push_back(
          {.key = is_new ? sample.key : sample.key + " (sample " + std::to_string(i) + ")",
           .sample = i});
    }
    take_label(pictures[place], sample.label);
    append(pictures[place].captions, sample.captions);
    append(pictures[place].questions, sample.questions);
    append(pictures[place].statements, sample.statements);
  }
  return pictures;
}

}  // namespace blip::dataset
