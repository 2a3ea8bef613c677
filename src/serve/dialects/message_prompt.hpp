// What a conversation comes down to: its pictures, and the last thing that was asked.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace blip::serve {

/// The last of the texts of a user that is no label of a picture: some clients send each picture as
/// a message of its own, "Image 1:", and the question in any place. Empty if there is none.
std::string prompt_of_texts(const std::vector<std::string>& texts);

}  // namespace blip::serve
