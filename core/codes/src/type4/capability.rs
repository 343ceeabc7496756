//! The capability file: what a tag says of itself.

use super::Type4Error;

/// Who may read or write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum Access {
    /// Everybody: the byte is 00.
    Open,
    /// Nobody, or who knows something that is not in the standard: any other byte.
    Denied,
}

/// The capability file of a tag, as far as its first entry, which names the file of the message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct Capability {
    /// The length of the file that it states, in bytes.
    pub length: u16,
    /// The version of the mapping, high half before the point: 0x20 is 2.0.
    pub version: u8,
    /// The most bytes that the tag gives at once (MLe), 15 or more.
    pub max_read: u16,
    /// The most bytes that the tag takes at once (MLc).
    pub max_write: u16,
    /// The name of the file with the message, E104 on most tags.
    pub file_id: u16,
    /// The size of that file in bytes, the two bytes of the message's length among them.
    pub max_file: u16,
    /// The condition of reading, 00 for none.
    pub read: u8,
    /// The condition of writing, 00 for none, FF for never.
    pub write: u8,
}

impl Capability {
    /// Reads a capability file from its first byte. Entries after the first are passed over.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::type4::{Access, Capability};
    /// let file = [0x00, 0x0f, 0x20, 0x00, 0x3b, 0x00, 0x34, 0x04, 0x06, 0xe1, 0x04, 0x00, 0x40, 0x00, 0xff];
    /// let capability = Capability::read(&file).unwrap();
    /// assert_eq!((capability.version_text().as_str(), capability.max_read, capability.file_id), ("2.0", 59, 0xe104));
    /// assert_eq!((capability.read_access(), capability.write_access()), (Access::Open, Access::Denied));
    /// ```
    pub fn read(file: &[u8]) -> Result<Capability, Type4Error> {
        let file: &[u8; 15] = file.first_chunk().ok_or(Type4Error::Capability)?;
        let [l0, l1, version, e0, e1, c0, c1, 0x04, 0x06, i0, i1, m0, m1, read, write] = *file else {
            return Err(Type4Error::Capability);
        };
        let pair = |high, low| u16::from_be_bytes([high, low]);
        let capability = Capability {
            length: pair(l0, l1),
            version,
            max_read: pair(e0, e1),
            max_write: pair(c0, c1),
            file_id: pair(i0, i1),
            max_file: pair(m0, m1),
            read,
            write,
        };
        if !matches!(version >> 4, 1..=3) {
            return Err(Type4Error::Version);
        }
        // Names that mean other files, or none.
        let taken = matches!(capability.file_id, 0x0000 | 0xe102 | 0xe103 | 0x3f00 | 0x3fff | 0xffff);
        if capability.length < 15 || capability.max_read < 15 || capability.max_file < 5 || taken {
            return Err(Type4Error::Capability);
        }
        Ok(capability)
    }

    /// Who may read the message.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::type4::{Access, Capability};
    /// let file = [0x00, 0x0f, 0x20, 0x00, 0x3b, 0x00, 0x34, 0x04, 0x06, 0xe1, 0x04, 0x00, 0x40, 0x80, 0x00];
    /// assert_eq!(Capability::read(&file).unwrap().read_access(), Access::Denied);
    /// ```
    pub fn read_access(&self) -> Access {
        access(self.read)
    }

    /// Who may change the message.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::type4::{Access, Capability};
    /// let file = [0x00, 0x0f, 0x20, 0x00, 0x3b, 0x00, 0x34, 0x04, 0x06, 0xe1, 0x04, 0x00, 0x40, 0x00, 0x00];
    /// assert_eq!(Capability::read(&file).unwrap().write_access(), Access::Open);
    /// ```
    pub fn write_access(&self) -> Access {
        access(self.write)
    }

    /// The version for people, `2.0`.
    ///
    /// # Examples
    /// ```
    /// use kabao_codes::type4::Capability;
    /// let file = [0x00, 0x0f, 0x31, 0x00, 0x3b, 0x00, 0x34, 0x04, 0x06, 0xe1, 0x04, 0x00, 0x40, 0x00, 0x00];
    /// assert_eq!(Capability::read(&file).unwrap().version_text(), "3.1");
    /// ```
    pub fn version_text(&self) -> String {
        format!("{}.{}", self.version >> 4, self.version & 0x0f)
    }
}

fn access(condition: u8) -> Access {
    if condition == 0 { Access::Open } else { Access::Denied }
}
