//! What sort of code a text is, and whose.

macro_rules! families {
    ($($variant:ident $name:literal $link:literal $doc:literal;)*) => {
        /// What sort of code a text is. `F…` in a description is the row of the feature register.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
        pub enum Family {
            $(#[doc = $doc] $variant,)*
        }

        impl Family {
            /// Every family.
            pub const ALL: &'static [Family] = &[$(Family::$variant,)*];

            /// The name used in data, `snake_case`, never changed once released.
            ///
            /// # Examples
            /// ```
            /// assert_eq!(kabao_codes::read::Family::AlipayPersonal.name(), "alipay_personal");
            /// ```
            pub const fn name(self) -> &'static str {
                match self { $(Family::$variant => $name,)* }
            }

            /// The family that a row of links in the table of codes may name.
            pub(crate) fn of_link_name(name: &str) -> Option<Family> {
                match name { $($name if $link => Some(Family::$variant),)* _ => None }
            }
        }
    };
}

families! {
    OurCollection "our_collection" false "Ours: a collection code 收款码 as merchant code (EMVCo).";
    OurCollectionLink "our_collection_link" false "Ours: a collection code as link.";
    OurPayerCode "our_payer_code" false "Ours: a payer code 付款码, which the merchant scans.";
    OurDocument "our_document" false "Ours: a signed receipt, freeze code, recovery sheet or device pairing. Never payable.";
    AlipayPayerCode "alipay_payer_code" false "F1, F2: Alipay's payer code; one made offline has the same shape.";
    AlipayFaceCode "alipay_face_code" false "Alipay's token of a payment by face.";
    AlipayPersonal "alipay_personal" true "F3: Alipay, a person's receiving code.";
    AlipayCode "alipay_code" true "F3: Alipay, of a sort that is not known.";
    AlipayOrder "alipay_order" true "F4: Alipay, an order made for one payment.";
    AlipayTransfer "alipay_transfer" true "Alipay, a transfer.";
    AlipayOverseas "alipay_overseas" true "Alipay, a merchant abroad.";
    AlipayRedPacket "alipay_red_packet" true "Alipay, a red packet.";
    AlipayHandOff "alipay_hand_off" true "F5: opens Alipay, with a link inside.";
    WeChatPayerCode "wechat_payer_code" false "F8: WeChat Pay's payer code.";
    WeChatOrder "wechat_order" true "F9: WeChat Pay, an order made for one payment.";
    WeChatProduct "wechat_product" true "F10: WeChat Pay, a merchant's product; the amount is known after a call only.";
    WeChatPersonal "wechat_personal" true "F11: WeChat Pay, a person's receiving code.";
    WeChatHandOff "wechat_hand_off" true "F12: opens WeChat Pay from the one app that asked for it.";
    WeChatContact "wechat_contact" true "WeChat, a contact. No payment.";
    WeChatMiniProgram "wechat_mini_program" true "WeChat, a mini program. No payment.";
    UnionPayPayerCode "unionpay_payer_code" false "F15: UnionPay's payer code.";
    UnionPayMerchant "unionpay_merchant" true "F17: UnionPay, a merchant's code.";
    UnionPaySignIn "unionpay_sign_in" true "F18: a sign-in on UnionPay's own host. No payment.";
    EmvPayer "emv_payer" false "F19: a payer code after EMVCo, which the merchant scans.";
    ECnyPayerCode "ecny_payer_code" false "F21: a payer code of the digital renminbi.";
    JdPayerCode "jd_payer_code" false "JD's payer code.";
    BestPayPayerCode "bestpay_payer_code" false "BestPay's 翼支付 payer code.";
    BaiduPayerCode "baidu_payer_code" false "The payer code of Baidu's wallet, which is closed.";
    QqWallet "qq_wallet" true "QQ's wallet.";
    Aggregated "aggregated" true "F24, F25: a page of an acquirer that leads to the network of the app that opens it.";
    EmvMerchant "emv_merchant" false "F26, F27: a merchant code after EMVCo that is not ours.";
    PayPalMe "paypal_me" true "F28: PayPal.Me.";
    PayPalCode "paypal_code" true "F28: a code of PayPal's app.";
    GoogleWalletPass "google_wallet_pass" true "F30: a card for Google's wallet. No payment.";
    Upi "upi" true "F37: India's UPI.";
    ForeignLink "foreign_link" true "F37: a link of another scheme that is not for the mainland.";
    Crypto "crypto" false "F37: asks for crypto currency.";
    MayBeId "may_be_id" false "F33: may be the number of an identity document. Never sent anywhere.";
    MayBeCard "may_be_card" false "May be a card number. Never sent anywhere.";
    GoodsBarcode "goods_barcode" false "The barcode of goods (EAN-13).";
    ShortLink "short_link" false "A link that hides where it leads.";
    WebLink "web_link" false "Any other link. Never opened.";
    Damaged "damaged" false "Begins as a code that is known and is cut, changed or against its rules.";
    TooLong "too_long" false "Longer than any code.";
    Empty "empty" false "Nothing but white space.";
    NotText "not_text" false "Bytes that are no text.";
    Unknown "unknown" false "Nobody's code that is known.";
}

macro_rules! schemes {
    ($($variant:ident $name:literal $doc:literal;)*) => {
        /// Whose code it is.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum Scheme {
            $(#[doc = $doc] $variant,)*
            /// A scheme that the table of codes names and this version has no name for: another acquirer's
            /// page, a scheme abroad (`promptpay`, `pix`, `khqr` …).
            Other {
                /// The name used in data.
                name: String,
            },
        }

        impl Scheme {
            /// The name used in data: `alipay`, `promptpay`.
            ///
            /// # Examples
            /// ```
            /// assert_eq!(kabao_codes::read::Scheme::WeChat.name(), "wechat");
            /// ```
            pub fn name(&self) -> &str {
                match self { $(Scheme::$variant => $name,)* Scheme::Other { name } => name }
            }

            /// The scheme of a name; one that is not known by itself is [`Scheme::Other`].
            ///
            /// # Examples
            /// ```
            /// use kabao_codes::read::Scheme;
            /// assert_eq!(Scheme::from_name("alipay"), Scheme::Alipay);
            /// assert_eq!(Scheme::from_name("pix").name(), "pix");
            /// ```
            pub fn from_name(name: &str) -> Scheme {
                match name { $($name => Scheme::$variant,)* other => Scheme::Other { name: other.to_owned() } }
            }
        }
    };
}

schemes! {
    Ours "ours" "This wallet.";
    Alipay "alipay" "Alipay 支付宝.";
    WeChat "wechat" "WeChat Pay 微信支付.";
    UnionPay "unionpay" "UnionPay 云闪付.";
    ECny "ecny" "Digital renminbi 数字人民币.";
    Jd "jd" "JD 京东.";
    BestPay "bestpay" "BestPay 翼支付.";
    Baidu "baidu" "Baidu's wallet, closed.";
    Qq "qq" "QQ's wallet.";
    PayPal "paypal" "PayPal.";
    Lakala "lakala" "Lakala 拉卡拉, an acquirer: its pages lead to the network of the app that opens them.";
    Upi "upi" "India's UPI.";
}
