// Access: what an index is opened for.
#pragma once

namespace blip::search {

enum class Access {
  read,   ///< the index has to exist, and stays as it is
  write,  ///< the index is made if it does not exist
};

}  // namespace blip::search
